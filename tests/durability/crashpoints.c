/* Ends a process at a chosen change of the files below a folder, as a kill or a power cut would.

   Preloaded into a process; `crash_arm` is called in a forked child before the deed is done.
   Every change below the folder is counted: write, truncate, sync, create, rename, link, unlink.
   When the count reaches the chosen one, the process dies before that change.

   KILL   nothing else happens: what the system was given stays.
   TEAR   half of the write arrives first.
   LOSE   a power cut: every change that was not synced is undone.
   SUFFIX the same, but only the changes after a random one are undone.
   MIX    the same, but each change, and each sector of a write, is undone or not by chance.

   A file's content is safe once the file was synced; a name is safe once its folder was synced.
   `-shm` files are left alone: they are memory, and are made anew after a power cut. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum mode { KILL, TEAR, LOSE, SUFFIX, MIX };
enum kind { CONTENT, CREATE, LINK, RENAME, UNLINK };
enum { SECTOR = 512, ROOM = 512 };

/* One change that can still be undone. Content is undone through a descriptor of our own, so that
   it does not matter which name the file has by then; a removed file lives on under `saved`. */
struct change {
    enum kind kind;
    int safe;
    int file;
    dev_t device;
    ino_t inode;
    off_t at, size_before;
    size_t length, kept;
    char *before;
    char path[ROOM], target[ROOM], saved[ROOM];
    struct change *older;
};

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static char folder[ROOM], attic[ROOM];
static long counted, chosen;
static enum mode mode;
static uint64_t chance;
static int armed, stored;
static struct change *newest;

void crash_arm(const char *below, const char *keep, long at, int how, unsigned long seed) {
    snprintf(folder, sizeof folder, "%s/", below);
    snprintf(attic, sizeof attic, "%s", keep);
    counted = 0;
    chosen = at;
    mode = how;
    chance = seed * 2654435761u + 88172645463325252u;
    armed = 1;
}

long crash_count(void) { return counted; }

static unsigned draw(unsigned most) {
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (unsigned)(chance >> 33) % most;
}

static int watched(const char *path) {
    size_t length = strlen(path);
    return armed && !strncmp(path, folder, strlen(folder)) &&
           !(length > 4 && !strcmp(path + length - 4, "-shm"));
}

static int absolute(int at, const char *path, char *out) {
    char base[ROOM - 1] = "";
    if (path[0] != '/') {
        if (at == AT_FDCWD) {
            if (syscall(SYS_getcwd, base, sizeof base) < 0) return 0;
        } else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", at);
            ssize_t got = syscall(SYS_readlinkat, AT_FDCWD, link, base, sizeof base - 1);
            if (got < 0) return 0;
            base[got] = 0;
        }
    }
    int made = path[0] == '/' ? snprintf(out, ROOM, "%s", path)
                              : snprintf(out, ROOM, "%s/%s", base, path);
    return made < ROOM && watched(out);
}

/* Return whether a descriptor is of a file below the folder; a removed file counts no more. */
static int of_file(int file, char *out) {
    char link[64];
    struct stat state;
    if (!armed || syscall(SYS_fstat, file, &state) || !(S_ISREG(state.st_mode) || S_ISDIR(state.st_mode)))
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t got = syscall(SYS_readlinkat, AT_FDCWD, link, out, ROOM - 2);
    if (got < 0) return 0;
    out[got] = 0;
    if (strstr(out, " (deleted)")) return 0;
    if (S_ISDIR(state.st_mode)) {
        out[got] = '/';
        out[got + 1] = 0;
    }
    return watched(out);
}

static struct change *remember(enum kind kind, const char *path) {
    struct change *made = calloc(1, sizeof *made);
    made->kind = kind;
    made->file = -1;
    snprintf(made->path, ROOM, "%s", path);
    made->older = newest;
    newest = made;
    return made;
}

static void save(struct change *made, const char *path) {
    struct stat state;
    if (!attic[0] || syscall(SYS_newfstatat, AT_FDCWD, path, &state, AT_SYMLINK_NOFOLLOW)) return;
    snprintf(made->saved, ROOM, "%.480s/%d", attic, stored++);
    syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, made->saved, 0);
}

static void remember_content(int file, const char *path, off_t at, size_t length) {
    struct stat state;
    struct change *made = remember(CONTENT, path);
    syscall(SYS_fstat, file, &state);
    made->device = state.st_dev;
    made->inode = state.st_ino;
    made->file = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    made->at = at;
    made->length = length;
    made->size_before = state.st_size;
    made->before = malloc(length ? length : 1);
    ssize_t got = syscall(SYS_pread64, made->file, made->before, length, at);
    made->kept = got > 0 ? got : 0;
}

static void undo_content(struct change *made) {
    static const char nothing[SECTOR];
    if (mode != MIX) {
        if (made->kept) syscall(SYS_pwrite64, made->file, made->before, made->kept, made->at);
        syscall(SYS_ftruncate, made->file, made->size_before);
        return;
    }
    for (size_t from = 0; from < made->length; from += SECTOR) {
        size_t size = made->length - from < SECTOR ? made->length - from : SECTOR;
        size_t old = from < made->kept ? (made->kept - from < size ? made->kept - from : size) : 0;
        if (!draw(2)) continue;
        if (old) syscall(SYS_pwrite64, made->file, made->before + from, old, made->at + from);
        if (old < size)
            syscall(SYS_pwrite64, made->file, nothing, size - old, made->at + from + old);
    }
}

static void undo(struct change *made) {
    switch (made->kind) {
    case CONTENT: undo_content(made); break;
    case CREATE:
    case LINK: syscall(SYS_unlinkat, AT_FDCWD, made->path, 0); break;
    case RENAME:
        syscall(SYS_renameat2, AT_FDCWD, made->target, AT_FDCWD, made->path, 0);
        if (made->saved[0]) syscall(SYS_renameat2, AT_FDCWD, made->saved, AT_FDCWD, made->target, 0);
        break;
    case UNLINK: syscall(SYS_renameat2, AT_FDCWD, made->saved, AT_FDCWD, made->path, 0); break;
    }
}

static void die(void) {
    for (struct change *one = newest; one && mode >= LOSE; one = one->older) {
        if (one->safe) continue;
        if (mode == SUFFIX && !draw(4)) break;
        if (mode == MIX && one->kind != CONTENT && draw(2)) continue;
        undo(one);
    }
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    for (;;) pause();
}

/* Count a change; a write that is torn takes its half before the process dies. */
static int due(void) { return ++counted == chosen; }

static void note_sync(int file, const char *path) {
    struct stat state;
    syscall(SYS_fstat, file, &state);
    size_t length = strlen(path);
    for (struct change *one = newest; one; one = one->older) {
        if (one->kind == CONTENT) {
            one->safe |= one->device == state.st_dev && one->inode == state.st_ino;
        } else if (S_ISDIR(state.st_mode)) {
            const char *name = one->kind == RENAME ? one->target : one->path;
            one->safe |= !strncmp(name, path, length) && !strchr(name + length, '/');
        }
    }
}

#define ENTER pthread_mutex_lock(&lock)
#define LEAVE(result) do { int kept = errno; pthread_mutex_unlock(&lock); errno = kept; return result; } while (0)

static ssize_t write_at(int file, const void *data, size_t length, off_t at, int moves) {
    char path[ROOM];
    ENTER;
    ssize_t done;
    if (of_file(file, path)) {
        struct stat state;
        syscall(SYS_fstat, file, &state);
        off_t place = at;
        if (moves)
            place = fcntl(file, F_GETFL) & O_APPEND ? state.st_size : syscall(SYS_lseek, file, 0, SEEK_CUR);
        if (due()) {
            if (mode == TEAR) {
                if (moves) syscall(SYS_write, file, data, length / 2);
                else syscall(SYS_pwrite64, file, data, length / 2, at);
            }
            die();
        }
        remember_content(file, path, place, length);
    }
    done = moves ? syscall(SYS_write, file, data, length) : syscall(SYS_pwrite64, file, data, length, at);
    LEAVE(done);
}

ssize_t write(int file, const void *data, size_t length) { return write_at(file, data, length, 0, 1); }
ssize_t pwrite(int file, const void *data, size_t length, off_t at) { return write_at(file, data, length, at, 0); }
ssize_t pwrite64(int file, const void *data, size_t length, off64_t at) { return write_at(file, data, length, at, 0); }
/* Copies fall back to reading and writing, which is counted. */
ssize_t sendfile(int out, int in, off_t *at, size_t length) { (void)out, (void)in, (void)at, (void)length; errno = EINVAL; return -1; }
ssize_t sendfile64(int out, int in, off64_t *at, size_t length) { (void)out, (void)in, (void)at, (void)length; errno = EINVAL; return -1; }

static int truncate_to(int file, off_t size) {
    char path[ROOM];
    ENTER;
    if (of_file(file, path)) {
        struct stat state;
        if (due()) die();
        syscall(SYS_fstat, file, &state);
        remember_content(file, path, size, state.st_size > size ? state.st_size - size : 0);
    }
    LEAVE(syscall(SYS_ftruncate, file, size));
}

int ftruncate(int file, off_t size) { return truncate_to(file, size); }
int ftruncate64(int file, off64_t size) { return truncate_to(file, size); }

static int synced(int file, long call) {
    char path[ROOM];
    ENTER;
    int ours = of_file(file, path);
    if (ours && due()) die();
    int result = syscall(call, file);
    if (ours && !result) note_sync(file, path);
    LEAVE(result);
}

int fsync(int file) { return synced(file, SYS_fsync); }
int fdatasync(int file) { return synced(file, SYS_fdatasync); }

static int opened(int at, const char *path, int flags, mode_t permissions) {
    char full[ROOM];
    struct stat state;
    ENTER;
    int ours = flags & (O_CREAT | O_TRUNC) && absolute(at, path, full);
    int there = ours && !syscall(SYS_newfstatat, AT_FDCWD, full, &state, 0);
    int makes = ours && flags & O_CREAT && !there;
    int empties = there && flags & O_TRUNC && S_ISREG(state.st_mode) && state.st_size;
    if ((makes || empties) && due()) die();
    if (empties) {
        int file = syscall(SYS_openat, AT_FDCWD, full, O_RDWR | O_CLOEXEC, 0);
        remember_content(file, full, 0, state.st_size);
        syscall(SYS_close, file);
    }
    int file = syscall(SYS_openat, at, path, flags, permissions);
    if (makes && file >= 0) remember(CREATE, full);
    LEAVE(file);
}

#define OPENING(name, at_given, at, extra)                                                        \
    int name(at_given const char *path, int flags, ...) {                                         \
        va_list rest;                                                                             \
        va_start(rest, flags);                                                                    \
        mode_t permissions = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;            \
        va_end(rest);                                                                             \
        return opened(at, path, flags | (extra), permissions);                                    \
    }
#define NONE
#define GIVEN int at,
OPENING(open, NONE, AT_FDCWD, 0)
OPENING(open64, NONE, AT_FDCWD, O_LARGEFILE)
OPENING(openat, GIVEN, at, 0)
OPENING(openat64, GIVEN, at, O_LARGEFILE)

int renameat(int from_at, const char *from, int to_at, const char *to) {
    char source[ROOM], target[ROOM];
    ENTER;
    int leaves = absolute(from_at, from, source), comes = absolute(to_at, to, target);
    if (leaves || comes) {
        if (due()) die();
        struct change *made = remember(RENAME, source);
        snprintf(made->target, ROOM, "%s", target);
        save(made, target);
    }
    LEAVE(syscall(SYS_renameat2, from_at, from, to_at, to, 0));
}

int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int unlinkat(int at, const char *path, int flags) {
    char full[ROOM];
    struct stat state;
    ENTER;
    if (!(flags & AT_REMOVEDIR) && absolute(at, path, full) &&
        !syscall(SYS_newfstatat, AT_FDCWD, full, &state, AT_SYMLINK_NOFOLLOW)) {
        if (due()) die();
        save(remember(UNLINK, full), full);
    }
    LEAVE(syscall(SYS_unlinkat, at, path, flags));
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    char full[ROOM];
    ENTER;
    int ours = absolute(to_at, to, full);
    if (ours && due()) die();
    int result = syscall(SYS_linkat, from_at, from, to_at, to, flags);
    if (ours && !result) remember(LINK, full);
    LEAVE(result);
}

int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }
