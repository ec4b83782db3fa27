/* vault.c - see vault.h. */
#include "base/house.h"

#include "tenant/vault.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_MAX = 4096 };

static const char *vault;

void vault_start(const char *directory)
{
        vault = directory;
}

/* 0 or errno. */
static int overwrite(int fd)
{
        char noise[KEY_MAX];
        struct stat st;

        if (fstat(fd, &st) != 0)
                return errno;
        for (off_t at = 0; at < st.st_size; at += KEY_MAX) {
                size_t n = st.st_size - at < KEY_MAX ? (size_t)(st.st_size - at) : KEY_MAX;

                crypto_random(noise, n);
                if (pwrite(fd, noise, n, at) != (ssize_t)n)
                        return errno != 0 ? errno : EIO;
        }
        return fsync(fd) != 0 ? errno : 0;
}

static int directory_sync(void)
{
        int fd = open(vault, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int error;

        if (fd < 0)
                return errno;
        error = fsync(fd) != 0 ? errno : 0;
        (void)close(fd);
        return error;
}

rc vault_destroy(struct cx *cx, str tenant)
{
        const char *path;
        int fd, error;

        if (vault == NULL)
                return RC_OK;
        must(file_name_safe(tenant));
        path = str_format(cx->mem, "%s/%.*s.key", vault, STR_ARG(tenant)).p;
        fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return errno == ENOENT ? RC_OK : file_failed(cx, path, errno);
        error = overwrite(fd);
        (void)close(fd);
        if (error == 0 && unlink(path) != 0 && errno != ENOENT)
                error = errno;
        if (error == 0)
                error = directory_sync();
        return error == 0 ? RC_OK : file_failed(cx, path, error);
}
