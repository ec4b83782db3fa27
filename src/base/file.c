/* file.c - see file.h. */
#include "base/house.h"

#include "base/file.h"

#include "base/fail.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 100, NAME_MAX_CHARS = 100, COPY_PIECE = 1 << 16 };

rc(file_failed)(struct cx *cx, const char *path, int error)
{
        if (error == ENOSPC || error == EDQUOT || error == EFBIG)
                return fail(cx, RC_DISK_FULL, NULL, "there is no space left on the disk for %s", path);
        if (error == ENOENT)
                return fail(cx, RC_UNKNOWN, NULL, "there is no file %s", path);
        return fail(cx, RC_UNAVAILABLE, NULL, "%s cannot be used: %s", path, strerror(error));
}

static rc read_whole(struct cx *cx, int fd, const char *path, size_t size_max, str *ret)
{
        struct stat st;
        size_t n = 0;
        char *p;

        if (fstat(fd, &st) != 0)
                return file_failed(cx, path, errno);
        if (!S_ISREG(st.st_mode))
                return fail(cx, RC_INVALID, NULL, "%s is not a file", path);
        if ((uint64_t)st.st_size > size_max)
                return fail(cx, RC_TOO_LARGE, NULL, "%s is larger than %zu bytes", path, size_max);
        p = arena_alloc(cx->mem, (size_t)st.st_size + 1);
        while (n < (size_t)st.st_size) {
                ssize_t got = read(fd, p + n, (size_t)st.st_size - n);

                if (got < 0)
                        return file_failed(cx, path, errno);
                if (got == 0)
                        break;
                n += (size_t)got;
        }
        *ret = (str){ p, n };
        return RC_OK;
}

rc file_read(struct cx *cx, const char *path, size_t size_max, str *ret)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        rc code;

        if (fd < 0)
                return file_failed(cx, path, errno);
        code = read_whole(cx, fd, path, size_max, ret);
        (void)close(fd);
        return code;
}

static int write_all(int fd, const char *p, size_t n)
{
        while (n > 0) {
                ssize_t done = write(fd, p, n);

                if (done < 0)
                        return -1;
                p += done;
                n -= (size_t)done;
        }
        return 0;
}

/* The rename is durable only when the directory is. */
static int directory_sync(struct cx *cx, const char *path)
{
        const char *slash = strrchr(path, '/');
        const char *name = slash == NULL ? "." : str_z(cx->mem, (str){ path, slash == path ? 1 : (size_t)(slash - path) });
        int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int result;

        if (fd < 0)
                return -1;
        result = fsync(fd);
        (void)close(fd);
        return result;
}

rc file_write(struct cx *cx, const char *path, str bytes, int mode)
{
        const char *beside = str_format(cx->mem, "%s.%d.new", path, (int)getpid()).p;
        int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
        int error;

        if (fd < 0)
                return file_failed(cx, path, errno);
        error = write_all(fd, bytes.p, bytes.n) != 0 || fsync(fd) != 0 ? errno : 0;
        if (close(fd) != 0 && error == 0)
                error = errno;
        if (error == 0 && (rename(beside, path) != 0 || directory_sync(cx, path) != 0))
                error = errno;
        if (error == 0)
                return RC_OK;
        (void)unlink(beside);
        return file_failed(cx, path, error);
}

/* 0 or errno. */
static int copy(int in, int out)
{
        char piece[COPY_PIECE];

        for (;;) {
                ssize_t n = read(in, piece, sizeof(piece));

                if (n < 0 || (n > 0 && write_all(out, piece, (size_t)n) != 0))
                        return errno;
                if (n == 0)
                        return fsync(out) != 0 ? errno : 0;
        }
}

rc file_copy(struct cx *cx, const char *from, const char *to)
{
        int in = open(from, O_RDONLY | O_CLOEXEC);
        int out, error;

        if (in < 0)
                return file_failed(cx, from, errno);
        out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (out < 0) {
                error = errno;
                (void)close(in);
                return file_failed(cx, to, error);
        }
        error = copy(in, out);
        (void)close(in);
        if (close(out) != 0 && error == 0)
                error = errno;
        if (error == 0)
                return RC_OK;
        (void)unlink(to);
        return file_failed(cx, to, error);
}

rc file_move(struct cx *cx, const char *from, const char *to)
{
        if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
                return RC_OK;
        if (errno != EXDEV && errno != EINVAL && errno != ENOSYS)
                return file_failed(cx, errno == EEXIST ? to : from, errno);
        TRY(file_copy(cx, from, to));
        return unlink(from) == 0 ? RC_OK : file_failed(cx, from, errno);
}

static void scratch_drop(void *p)
{
        (void)close((int)(intptr_t)p);
}

rc file_scratch(struct cx *cx, const char *directory, int *ret_fd)
{
        int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        if (fd < 0)
                return file_failed(cx, directory, errno);
        arena_defer(cx->mem, scratch_drop, (void *)(intptr_t)fd);
        *ret_fd = fd;
        return RC_OK;
}

static const char *store;

void file_store_start(const char *directory)
{
        store = directory;
}

const char *file_store(void)
{
        must(store != NULL);
        return store;
}

char *file_store_path(struct arena *mem, str relative)
{
        must(file_path_safe(relative));
        return (char *)(uintptr_t)str_format(mem, "%s/%.*s", file_store(), STR_ARG(relative)).p;
}

rc file_directory(struct cx *cx, const char *path, int mode)
{
        char *z = str_z(cx->mem, str_of(path));

        for (char *slash = strchr(z + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                if (mkdir(z, (mode_t)mode) != 0 && errno != EEXIST)
                        return file_failed(cx, z, errno);
                *slash = '/';
        }
        if (mkdir(z, (mode_t)mode) != 0 && errno != EEXIST)
                return file_failed(cx, path, errno);
        return RC_OK;
}

bool file_name_safe(str name)
{
        if (name.n == 0 || name.n > NAME_MAX_BYTES || name.p[0] == '.')
                return false;
        for (size_t i = 0; i < name.n; i++) {
                char c = name.p[i];

                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
                        return false;
        }
        return true;
}

bool file_path_safe(str path)
{
        while (!str_absent(path)) {
                str name = str_cut(path, '/', &path);

                if (!file_name_safe(name))
                        return false;
        }
        return true;
}

str file_name_clean(struct arena *mem, str name)
{
        char *out = arena_alloc(mem, name.n + 1);
        size_t n = 0;
        str clean;

        for (size_t i = name.n; i > 0; i--) {
                if (name.p[i - 1] != '/' && name.p[i - 1] != '\\')
                        continue;
                name = (str){ name.p + i, name.n - i };
                break;
        }
        for (size_t at = 0; at < name.n;) {
                size_t from = at;
                uint32_t c = utf8_decode(name, &at);

                if (c == UTF8_BAD || c < 0x20 || (c >= 0x7f && c < 0xa0) || (c < 0x80 && strchr("\"*:<>?|", (int)c) != NULL))
                        continue;
                memcpy(out + n, name.p + from, at - from);
                n += at - from;
        }
        clean = str_trim((str){ out, n });
        while (clean.n > 0 && clean.p[0] == '.')
                clean = str_trim((str){ clean.p + 1, clean.n - 1 });
        clean = utf8_head(clean, NAME_MAX_CHARS);
        return clean.n > 0 ? str_copy(mem, clean) : S("file");
}
