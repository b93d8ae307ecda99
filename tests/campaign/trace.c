/* Loaded before a program (LD_PRELOAD): notes in the file $TRACE, in their order, every write, truncation and
   fsync of a file below $TRACED, and every line said on standard output. A record is one byte of kind (W, T, F
   or S), three native 64-bit numbers (offset, length of the name, length of the data), the name, the data. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static void note(char kind, int fd, const void *data, uint64_t length, uint64_t offset) {
    static int trace = -1;
    char link[64], name[4096];
    const char *traced = getenv("TRACED");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, name, sizeof name);
    if (size < 0) return;
    if (kind != 'S' && strncmp(name, traced, strlen(traced))) return;
    if (trace < 0) trace = syscall(SYS_openat, AT_FDCWD, getenv("TRACE"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    uint64_t numbers[] = {offset, size, length};
    struct iovec parts[] = {{&kind, 1}, {numbers, sizeof numbers}, {name, size}, {(void *)data, length}};
    if (syscall(SYS_writev, trace, parts, 4) < 0) abort();
}

#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

#define PWRITE(name) \
    ssize_t name(int fd, const void *data, size_t length, off_t offset) { \
        REAL(ssize_t, name, int, const void *, size_t, off_t); \
        ssize_t done = real(fd, data, length, offset); \
        if (done > 0) note('W', fd, data, done, offset); \
        return done; \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t write(int fd, const void *data, size_t length) {
    REAL(ssize_t, write, int, const void *, size_t);
    if (fd == 1) { /* noted first: who hears it may kill us at once */
        note('S', fd, data, length, 0);
        return real(fd, data, length);
    }
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t done = real(fd, data, length);
    if (done > 0) note('W', fd, data, done, offset);
    return done;
}

#define TRUNCATE(name) \
    int name(int fd, off_t length) { \
        REAL(int, name, int, off_t); \
        int failed = real(fd, length); \
        if (!failed) note('T', fd, "", 0, length); \
        return failed; \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define SYNC(name) \
    int name(int fd) { \
        REAL(int, name, int); \
        int failed = real(fd); \
        if (!failed) note('F', fd, "", 0, 0); \
        return failed; \
    }
SYNC(fsync)
SYNC(fdatasync)
