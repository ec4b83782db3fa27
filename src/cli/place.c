/* place.c - see place.h. */
#include "base/house.h"

#include "cli/place.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/seal.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

char *place_path(struct cx *cx, str dir, const char *name, ...)
{
        va_list args;
        str tail;

        va_start(args, name);
        tail = str_vformat(cx->mem, name, args);
        va_end(args);
        return str_z(cx->mem, str_format(cx->mem, "%.*s/%.*s", STR_ARG(dir), STR_ARG(tail)));
}

str place_binary(struct cx *cx)
{
        char path[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

        must(n > 0 && n < (ssize_t)sizeof(path));
        return str_copy(cx->mem, (str){ path, (size_t)n });
}

static bool is_directory(const char *path)
{
        struct stat st;

        return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

rc place_share(struct cx *cx, str *ret_share, str *ret_static)
{
        str build = place_binary(cx), root;

        while (build.n > 0 && build.p[build.n - 1] != '/')
                build.n--;
        build = build.n > 1 ? (str){ build.p, build.n - 1 } : build;
        root = build;
        while (root.n > 0 && root.p[root.n - 1] != '/')
                root.n--;
        root = root.n > 1 ? (str){ root.p, root.n - 1 } : root;
        if (is_directory(place_path(cx, root, "schema/tenant"))) {
                *ret_share = str_copy(cx->mem, root);
                *ret_static = str_format(cx->mem, "%.*s/static", STR_ARG(build));
                return RC_OK;
        }
        if (is_directory("/usr/share/daicho/schema/tenant")) {
                *ret_share = S("/usr/share/daicho");
                *ret_static = S("/usr/share/daicho/static");
                return RC_OK;
        }
        return fail(cx, RC_UNAVAILABLE, NULL, "the folders schema and pages are neither beside %.*s nor in %s; install the package daicho again",
                    STR_ARG(build), "/usr/share/daicho");
}

bool place_exists(struct cx *cx, str dir)
{
        return access(place_path(cx, dir, "VERSION"), F_OK) == 0;
}

static bool is_empty(const char *path)
{
        DIR *list = opendir(path);
        const struct dirent *entry;
        bool empty = true;

        if (list == NULL)
                return true;
        while (empty && (entry = readdir(list)) != NULL)
                empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || strcmp(entry->d_name, "daicho.conf") == 0 ||
                        strcmp(entry->d_name, "lost+found") == 0;
        (void)closedir(list);
        return empty;
}

/* What leads there must let the service user through. */
static rc way_make(struct cx *cx, str dir)
{
        while (dir.n > 0 && dir.p[dir.n - 1] != '/')
                dir.n--;
        return dir.n > 1 ? file_directory(cx, str_z(cx->mem, (str){ dir.p, dir.n - 1 }), 0711) : RC_OK;
}

rc place_create(struct cx *cx, str dir)
{
        static const char *const parts[] = { "secret", "secret/provider", "secret/log", "secret/backup", "tls",    "run",    "log",
                                             "files",  "spool",           "tmp",        "seal",          "sealer", "witness" };
        const char *top = place_path(cx, dir, "%s", "");
        struct buf conf = buf_open(cx->mem, KB(64));
        struct config config = config_default();
        char *file;

        if (!place_exists(cx, dir) && !is_empty(top))
                return fail(cx, RC_CONFLICT, NULL, "%.*s holds other things; give a new or empty directory with --dir", STR_ARG(dir));
        TRY(way_make(cx, dir));
        TRY(file_directory(cx, top, 0700));
        for (size_t i = 0; i < COUNT(parts); i++)
                TRY(file_directory(cx, place_path(cx, dir, "%s", parts[i]), 0700));
        file = place_path(cx, dir, "daicho.conf");
        if (access(file, F_OK) != 0) {
                config_write(&config, &conf);
                must(!buf_full(&conf));
                TRY(file_write(cx, file, buf_str(&conf), 0600));
        }
        file = place_path(cx, dir, "VERSION");
        if (access(file, F_OK) != 0)
                TRY(file_write(cx, file, str_format(cx->mem, "%d\n", PLACE_LAYOUT), 0600));
        return RC_OK;
}

static rc read_config(struct cx *cx, str dir, struct config *ret)
{
        char *path = place_path(cx, dir, "daicho.conf");
        str text;

        if (access(path, F_OK) != 0) {
                *ret = config_default();
                return RC_OK;
        }
        TRY(file_read(cx, path, KB(256), &text));
        if (config_read(cx, text, ret) == RC_OK)
                return RC_OK;
        return fail(cx, RC_INVALID, NULL, "nothing was started; the lines named stand in %s", path);
}

rc place_open(struct cx *cx, str dir, struct place *ret)
{
        struct place place = { .dir = dir };
        int64_t layout;
        str version;

        if (!place_exists(cx, dir))
                return fail(cx, RC_UNKNOWN, NULL, "%.*s is not a directory of Daicho; name it with --dir or make one with `daicho up --dir`",
                            STR_ARG(dir));
        TRY(file_read(cx, place_path(cx, dir, "VERSION"), 64, &version));
        if (!str_int(str_trim(version), &layout) || layout != PLACE_LAYOUT)
                return fail(cx, RC_CONFLICT, NULL, "%.*s was made by another version of Daicho (layout %.*s, this program knows %d)", STR_ARG(dir),
                            STR_ARG(str_trim(version)), PLACE_LAYOUT);
        TRY(read_config(cx, dir, &place.config));
        if (is_directory(place_path(cx, dir, "share/schema"))) {
                place.share = str_format(cx->mem, "%.*s/share", STR_ARG(dir));
                place.statics = str_format(cx->mem, "%.*s/share/static", STR_ARG(dir));
        } else {
                TRY(place_share(cx, &place.share, &place.statics));
        }
        *ret = place;
        return RC_OK;
}

int64_t place_port(struct cx *cx, const struct place *place)
{
        int64_t port;
        str text;

        if (access(place_path(cx, place->dir, "run/port"), F_OK) == 0 && file_read(cx, place_path(cx, place->dir, "run/port"), 64, &text) == RC_OK &&
            str_int(str_trim(text), &port))
                return port;
        fail_clear(cx);
        return place->config.port;
}

str place_url(struct cx *cx, const struct place *place, int64_t port)
{
        return port == 443 ? str_format(cx->mem, "https://%.*s", STR_ARG(place->config.host))
                           : str_format(cx->mem, "https://%.*s:%lld", STR_ARG(place->config.host), (long long)port);
}

str place_random(struct cx *cx, size_t count)
{
        static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
        char *text = arena_alloc(cx->mem, count + 1);

        crypto_random(text, count);
        for (size_t i = 0; i < count; i++)
                text[i] = letters[(unsigned char)text[i] & 31];
        return (str){ text, count };
}

rc place_factor_key(struct cx *cx, str dir)
{
        const char *path = place_path(cx, dir, PLACE_FACTOR_KEY);

        return access(path, F_OK) == 0 ? RC_OK : file_write(cx, path, seal_key_line(cx->mem, 1), 0600);
}

rc place_secret(struct cx *cx, str dir, const char *role, str *ret)
{
        TRY(file_read(cx, place_path(cx, dir, "secret/%s", role), 200, ret));
        *ret = str_trim(*ret);
        return RC_OK;
}

rc place_seal_key(struct cx *cx, str dir, const char *name)
{
        const char *path = place_path(cx, dir, "secret/%s", name);

        return access(path, F_OK) == 0 ? RC_OK : file_write(cx, path, seal_key_line(cx->mem, 1), 0600);
}

rc place_conninfo(struct cx *cx, str dir, const char *role, const char *database, str *ret)
{
        str password;

        TRY(place_secret(cx, dir, role, &password));
        *ret = str_format(cx->mem,
                          "host='%.*s/run' dbname=%s user=%s password=%.*s gssencmode=disable sslmode=disable "
                          "application_name=%s client_encoding=UTF8 options='-c jit=off'",
                          STR_ARG(dir), database, role, STR_ARG(password), role);
        return RC_OK;
}
