/* Starts short-lived processes that write one file each, and says who they were.
 *
 *   runner DIRECTORY KIND COUNT [WRITER]   KIND: sh, touch, static, fork
 *   writer FILE                            (the same program under another name)
 *
 * Those that execute something change their user before that. A line for each: file name, pid and user. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int write_file(const char *path) {
  int fd = open(path, O_CREAT | O_WRONLY, 0666);
  if (fd < 0 || write(fd, "x\n", 2) != 2) return 1;
  return close(fd) != 0;
}

int main(int argc, char **argv) {
  if (argc == 2) return write_file(argv[1]);
  if (argc < 4) return 2;
  const char *directory = argv[1], *kind = argv[2];
  int count = atoi(argv[3]);
  for (int i = 0; i < count; i++) {
    char path[4096], script[4200];
    int forks = !strcmp(kind, "fork");
    unsigned user = forks ? getuid() : 1000 + i % 3;
    snprintf(path, sizeof path, "%s/%s-%d", directory, kind, i);
    pid_t pid = fork();
    if (pid < 0) return 1;
    if (pid == 0) {
      if (!forks && (setgid(user) != 0 || setuid(user) != 0)) _exit(3);
      if (!strcmp(kind, "sh")) {
        snprintf(script, sizeof script, "echo x > %s", path);
        execl("/bin/sh", "sh", "-c", script, (char *)0);
      } else if (!strcmp(kind, "touch")) {
        execlp("touch", "touch", path, (char *)0);
      } else if (!strcmp(kind, "static")) {
        execl(argv[4], argv[4], path, (char *)0);
      } else {
        _exit(write_file(path));
      }
      _exit(4);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    if (status != 0) return 1;
    printf("%s-%d %d %u\n", kind, i, (int)pid, user);
  }
  return 0;
}
