/* Work for the benchmarks.
 *
 *   load tree DIR COUNT              makes COUNT directories in two levels
 *   load files DIR ROUNDS [COUNT]    creates, writes, closes and unlinks small files, spread over the directories of
 *                                    a tree of COUNT: five inotify events a round
 *   load paced DIR RATE COUNT        makes COUNT files, RATE a second, each named after the time of its birth in
 *                                    nanoseconds of CLOCK_MONOTONIC: one inotify event each */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int directory_name(char *name, size_t size, long i) {
  if (i % 100 == 0) return snprintf(name, size, "d%ld", i / 100);
  return snprintf(name, size, "d%ld/e%ld", i / 100, i);
}

static int make_tree(long count) {
  char name[64];
  for (long i = 0; i < count; i++) {
    directory_name(name, sizeof name, i);
    if (mkdir(name, 0755) != 0) return 1;
  }
  return 0;
}

static int make_files(long rounds, long directories) {
  for (long i = 0; i < rounds; i++) {
    char name[96];
    int length = 0;
    /* A prime, so that neighbours in time are none in the tree. */
    if (directories > 0) {
      length = directory_name(name, sizeof name, i * 7919 % directories);
      name[length++] = '/';
    }
    snprintf(name + length, sizeof name - length, "file-%ld", i & 63);
    int fd = open(name, O_CREAT | O_WRONLY, 0644);
    if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) != 0 || unlink(name) != 0) return 1;
  }
  return 0;
}

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int make_paced(long rate, long count) {
  long long start = now();
  for (long i = 0; i < count; i++) {
    long long due = start + i * 1000000000LL / rate, ahead;
    /* A sleep is late by about as much; below that, waiting is looking at the clock. */
    while ((ahead = due - now()) > 0) {
      if (ahead < 100000) continue;
      struct timespec rest = {.tv_sec = 0, .tv_nsec = ahead > 900000000 ? 900000000 : ahead - 60000};
      nanosleep(&rest, NULL);
    }
    char name[32];
    snprintf(name, sizeof name, "t%lld", now());
    /* mknod, since it makes a file without opening it. */
    if (mknod(name, S_IFREG | 0644, 0) != 0) return 1;
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 4 || chdir(argv[2]) != 0) return 2;
  long first = atol(argv[3]), second = argc > 4 ? atol(argv[4]) : 0;
  if (strcmp(argv[1], "tree") == 0) return make_tree(first);
  if (strcmp(argv[1], "files") == 0) return make_files(first, second);
  if (strcmp(argv[1], "paced") == 0) return make_paced(first, second);
  return 2;
}
