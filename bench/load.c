/* Creates, writes, closes and unlinks small files: five inotify events a round. load DIR ROUNDS */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 3 || chdir(argv[1]) != 0) return 2;
  long rounds = atol(argv[2]);
  for (long i = 0; i < rounds; i++) {
    char name[32];
    snprintf(name, sizeof name, "file-%ld", i & 63);
    int fd = open(name, O_CREAT | O_WRONLY, 0644);
    if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) != 0 || unlink(name) != 0) return 1;
  }
  return 0;
}
