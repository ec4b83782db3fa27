/* depot.c - see depot.h. */
#include "base/house.h"

#include "cli/depot.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"
#include "cli/flow.h"
#include "cli/spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 16, MANIFEST_MAX = 64 << 20, KEY_FILE_MAX = 4096, RECIPIENTS_MAX = 8, TREE_DEPTH = 2, BACKUPS_MAX = 10000 };

static const char age[] = "/usr/bin/age", age_keygen[] = "/usr/bin/age-keygen";
static const char manifest_name[] = "manifest.json", signature_name[] = "manifest.sig";

rc depot_open(struct cx *cx, const struct place *place, struct depot *ret)
{
        struct depot depot = { .place = place };
        str rest = place->config.backup_places;

        while (rest.n > 0) {
                str one = str_trim(str_cut(rest, ',', &rest));

                while (one.n > 1 && one.p[one.n - 1] == '/')
                        one.n--;
                if (str_empty(one))
                        continue;
                if (one.p[0] != '/')
                        return fail(cx, RC_INVALID, "backup_places", "%.*s is not an absolute path", STR_ARG(one));
                if (depot.count == DEPOT_PLACES_MAX)
                        return fail(cx, RC_INVALID, "backup_places", "at most %d directories", DEPOT_PLACES_MAX);
                depot.places[depot.count++] = one;
        }
        if (depot.count == 0)
                return fail(cx, RC_INVALID, "backup_places", "names no directory yet, so there are no backups; write it into daicho.conf");
        *ret = depot;
        return RC_OK;
}

rc depot_reach(struct cx *cx, str place)
{
        if (access(place_path(cx, place, DEPOT_MARK), R_OK) == 0 && access(str_z(cx->mem, place), R_OK | W_OK | X_OK) == 0)
                return RC_OK;
        return fail(cx, RC_UNAVAILABLE, NULL, "%.*s cannot be reached, or is not a place for backups yet (daicho backup place DIR)", STR_ARG(place));
}

/* Digits of the name as a number. */
static int32_t part(str name, size_t at, size_t n)
{
        int32_t value = 0;

        for (size_t i = at; i < at + n; i++)
                value = value * 10 + (name.p[i] - '0');
        return value;
}

bool depot_name_read(str name, msec *ret)
{
        char text[80];

        if (name.n != DEPOT_NAME || name.p[8] != 'T' || name.p[15] != 'Z')
                return false;
        for (size_t i = 0; i < name.n; i++)
                if (i != 8 && i != 15 && (name.p[i] < '0' || name.p[i] > '9'))
                        return false;
        (void)snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)part(name, 0, 4), (int)part(name, 4, 2), (int)part(name, 6, 2),
                       (int)part(name, 9, 2), (int)part(name, 11, 2), (int)part(name, 13, 2));
        return clock_read(str_of(text), ret);
}

bool depot_over(const struct depot_backup *backup, msec now)
{
        return now - backup->taken_at >= DEPOT_KEEP_DAYS * CLOCK_DAY;
}

static int older(const void *a, const void *b)
{
        const struct depot_backup *one = a, *other = b;

        return one->taken_at < other->taken_at ? -1 : one->taken_at > other->taken_at;
}

rc depot_list(struct cx *cx, str place, struct depot_backup **ret, size_t *ret_count)
{
        DIR *list = opendir(str_z(cx->mem, place));
        struct depot_backup *all = NEW_ARRAY(cx->mem, struct depot_backup, BACKUPS_MAX);
        const struct dirent *entry;
        size_t count = 0;
        msec at;

        if (list == NULL)
                return file_failed(cx, str_z(cx->mem, place), errno);
        while (count < BACKUPS_MAX && (entry = readdir(list)) != NULL)
                if (depot_name_read(str_of(entry->d_name), &at))
                        all[count++] = (struct depot_backup){ str_copy(cx->mem, str_of(entry->d_name)), at };
        (void)closedir(list);
        qsort(all, count, sizeof(*all), older);
        *ret = all;
        *ret_count = count;
        return RC_OK;
}

rc depot_sync(struct cx *cx, const char *directory)
{
        int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int error = fd < 0 || fsync(fd) != 0 ? errno : 0;

        if (fd >= 0)
                (void)close(fd);
        return error ? file_failed(cx, directory, error) : RC_OK;
}

/* Everything below; no link is followed. */
static int clear_below(int at, const char *name, int depth)
{
        int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), error = 0;
        DIR *list = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *entry;

        if (list == NULL)
                return errno == ENOENT ? 0 : errno;
        while (error == 0 && (entry = readdir(list)) != NULL) {
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                if (unlinkat(fd, entry->d_name, 0) != 0)
                        error = depth > 0 ? clear_below(fd, entry->d_name, depth - 1) : errno;
        }
        (void)closedir(list);
        return error == 0 && unlinkat(at, name, AT_REMOVEDIR) != 0 ? errno : error;
}

rc depot_clear(struct cx *cx, const char *directory)
{
        int error = clear_below(AT_FDCWD, directory, TREE_DEPTH);

        return error == 0 ? RC_OK : file_failed(cx, directory, error);
}

rc depot_remove(struct cx *cx, str place, str name)
{
        const char *path = place_path(cx, place, "%.*s", STR_ARG(name)), *going = place_path(cx, place, ".old-%.*s", STR_ARG(name));

        if (rename(path, going) != 0)
                return file_failed(cx, path, errno);
        TRY(depot_clear(cx, going));
        return depot_sync(cx, str_z(cx->mem, place));
}

rc depot_sweep(struct cx *cx, str place)
{
        DIR *list = opendir(str_z(cx->mem, place));
        const struct dirent *entry;
        rc result = RC_OK;

        if (list == NULL)
                return file_failed(cx, str_z(cx->mem, place), errno);
        while (result == RC_OK && (entry = readdir(list)) != NULL)
                if (strncmp(entry->d_name, ".new-", 5) == 0 || strncmp(entry->d_name, ".old-", 5) == 0)
                        result = depot_clear(cx, place_path(cx, place, "%s", entry->d_name));
        (void)closedir(list);
        return result;
}

rc depot_measure(struct cx *cx, const char *path, int64_t *ret_size, str *ret_sha256)
{
        struct crypto_hash *hash = crypto_hash_open(cx->mem);
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        uint8_t digest[SHA256_SIZE];
        char piece[PIECE];
        int64_t size = 0;
        ssize_t n;

        if (fd < 0)
                return file_failed(cx, path, errno);
        while ((n = read(fd, piece, sizeof(piece))) > 0) {
                crypto_hash_add(hash, (str){ piece, (size_t)n });
                size += n;
        }
        (void)close(fd);
        if (n < 0)
                return file_failed(cx, path, errno);
        crypto_hash_end(hash, digest);
        *ret_size = size;
        *ret_sha256 = crypto_hex(cx->mem, digest, sizeof(digest));
        return RC_OK;
}

rc depot_copy(struct cx *cx, str from, str name, str to)
{
        const char *source = place_path(cx, from, "%.*s", STR_ARG(name)), *half = place_path(cx, to, ".new-%.*s", STR_ARG(name));
        const char *whole = place_path(cx, to, "%.*s", STR_ARG(name));
        json_t *manifest, *file;
        size_t i;

        TRY(depot_manifest_read(cx, from, source, false, &manifest));
        TRY(depot_clear(cx, half));
        if (mkdir(half, 0700) != 0)
                return file_failed(cx, half, errno);
        json_array_foreach(json_object_get(manifest, "files"), i, file) {
                struct arena_mark mark = arena_mark(cx->mem);
                str own = json_get_text(file, "name"), sha256;
                const char *path;
                int64_t size;

                if (!file_name_safe(own))
                        return fail(cx, RC_CONFLICT, NULL, "the manifest of %.*s cannot be read", STR_ARG(name));
                path = str_format(cx->mem, "%s/%.*s", half, STR_ARG(own)).p;
                TRY(file_copy(cx, str_format(cx->mem, "%s/%.*s", source, STR_ARG(own)).p, path));
                TRY(depot_measure(cx, path, &size, &sha256));
                if (!str_equal(sha256, json_get_text(file, "sha256")))
                        return fail(cx, RC_CONFLICT, NULL, "%s is damaged", path);
                arena_rewind(cx->mem, mark);
        }
        TRY(file_copy(cx, str_format(cx->mem, "%s/%s", source, manifest_name).p, str_format(cx->mem, "%s/%s", half, manifest_name).p));
        TRY(file_copy(cx, str_format(cx->mem, "%s/%s", source, signature_name).p, str_format(cx->mem, "%s/%s", half, signature_name).p));
        TRY(depot_sync(cx, half));
        if (rename(half, whole) != 0)
                return file_failed(cx, whole, errno);
        return depot_sync(cx, str_z(cx->mem, to));
}

rc depot_lock(struct cx *cx, const struct place *place)
{
        const char *path = place_path(cx, place->dir, "run/backup.lock");
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600); /* stays open: the lock is this process's */

        if (fd < 0)
                return file_failed(cx, path, errno);
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
                return RC_OK;
        (void)close(fd);
        return fail(cx, RC_BUSY, NULL, "another backup is being made or removed; please try again in a moment");
}

/* Keys ---------------------------------------------------------------------------------------------------------------------------------------------------- */

static const char *key_path(struct cx *cx, str dir, str name)
{
        return place_path(cx, dir, DEPOT_KEYS "/%.*s.key", STR_ARG(name));
}

rc depot_key_read(struct cx *cx, str dir, str name, str *ret_recipient)
{
        static const char before[] = "# public key: ";
        const char *path = key_path(cx, dir, name);
        str text, line;

        *ret_recipient = STR_NONE;
        if (access(path, F_OK) != 0 && errno == ENOENT)
                return RC_OK;
        TRY(file_read(cx, path, KEY_FILE_MAX, &text));
        while (text.n > 0) {
                line = str_cut(text, '\n', &text);
                if (str_starts(line, str_of(before)))
                        *ret_recipient = str_copy(cx->mem, str_trim((str){ line.p + sizeof(before) - 1, line.n - sizeof(before) + 1 }));
        }
        return str_absent(*ret_recipient) ? fail(cx, RC_CONFLICT, NULL, "%s is damaged", path) : RC_OK;
}

rc depot_key_ensure(struct cx *cx, str dir, str name, str *ret_recipient)
{
        const char *path = key_path(cx, dir, name), *half = place_path(cx, dir, DEPOT_KEYS "/.%.*s.new", STR_ARG(name));
        const char *const argv[] = { age_keygen, "-o", half, NULL };
        str said;

        TRY(depot_key_read(cx, dir, name, ret_recipient));
        if (!str_absent(*ret_recipient))
                return RC_OK;
        TRY(file_directory(cx, place_path(cx, dir, DEPOT_KEYS), 0700));
        (void)unlink(half);
        TRY(spawn_run(cx, argv, "age", &said));
        if (chmod(half, 0600) != 0 || rename(half, path) != 0)
                return file_failed(cx, path, errno);
        TRY(depot_sync(cx, place_path(cx, dir, DEPOT_KEYS)));
        return depot_key_read(cx, dir, name, ret_recipient);
}

/* The seed manifests are signed with. */
static rc seed_ensure(struct cx *cx, str dir, bool make, uint8_t ret[ED25519_KEY_SIZE])
{
        const char *path = place_path(cx, dir, DEPOT_KEYS "/_manifest.key");
        str text, seed;

        if (make && access(path, F_OK) != 0) {
                crypto_random(ret, ED25519_KEY_SIZE);
                TRY(file_directory(cx, place_path(cx, dir, DEPOT_KEYS), 0700));
                TRY(file_write(cx, path, crypto_base64(cx->mem, ret, ED25519_KEY_SIZE), 0600));
        }
        TRY(file_read(cx, path, KEY_FILE_MAX, &text));
        if (!crypto_base64_read(cx->mem, str_trim(text), &seed) || seed.n != ED25519_KEY_SIZE)
                return fail(cx, RC_CONFLICT, NULL, "%s is damaged", path);
        memcpy(ret, seed.p, ED25519_KEY_SIZE);
        return RC_OK;
}

rc depot_manifest_write(struct cx *cx, str dir, const char *directory, const json_t *manifest)
{
        uint8_t seed[ED25519_KEY_SIZE], signature[ED25519_SIGNATURE_SIZE];
        str text = json_write(cx->mem, manifest);

        TRY(seed_ensure(cx, dir, true, seed));
        crypto_ed25519_sign(seed, text, signature);
        crypto_wipe(seed, sizeof(seed));
        TRY(file_write(cx, str_format(cx->mem, "%s/%s", directory, manifest_name).p, text, 0600));
        return file_write(cx, str_format(cx->mem, "%s/%s", directory, signature_name).p, crypto_base64(cx->mem, signature, sizeof(signature)), 0600);
}

rc depot_manifest_read(struct cx *cx, str dir, const char *directory, bool check, json_t **ret)
{
        uint8_t seed[ED25519_KEY_SIZE], key[ED25519_KEY_SIZE];
        str text, line, signature = STR_NONE;

        TRY(file_read(cx, str_format(cx->mem, "%s/%s", directory, manifest_name).p, MANIFEST_MAX, &text));
        TRY(file_read(cx, str_format(cx->mem, "%s/%s", directory, signature_name).p, KEY_FILE_MAX, &line));
        if (check) {
                TRY(seed_ensure(cx, dir, false, seed));
                crypto_ed25519_public(seed, key);
                crypto_wipe(seed, sizeof(seed));
                if (!crypto_base64_read(cx->mem, str_trim(line), &signature) || !crypto_ed25519_verify(key, text, signature))
                        return fail(cx, RC_CONFLICT, NULL, "%s was not signed by this house, or was changed", directory);
        }
        return json_read(cx, text, ret);
}

rc depot_keys_write(struct cx *cx, str dir, str recipients, const char *path)
{
        const char *const tar[] = { "/bin/tar",
                                    "--create",
                                    "--file=-",
                                    "--owner=0",
                                    "--group=0",
                                    "--numeric-owner",
                                    "--exclude=./postgres",
                                    "--exclude=./daicho_*",
                                    "--exclude=./backup/.*",
                                    "--directory",
                                    place_path(cx, dir, "secret"),
                                    ".",
                                    NULL };
        const char *argv[2 * RECIPIENTS_MAX + 2] = { age };
        const char *half = str_format(cx->mem, "%s.new", path).p;
        struct flow *flow;
        size_t n = 1;
        rc result;
        int fd;

        while (recipients.n > 0 && n < 2 * RECIPIENTS_MAX) {
                str one = str_trim(str_cut(recipients, ',', &recipients));

                if (str_empty(one))
                        continue;
                argv[n++] = "-r";
                argv[n++] = str_z(cx->mem, one);
        }
        fd = open(half, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return file_failed(cx, half, errno);
        result = flow_open(cx, argv, NULL, "age", fd, &flow);
        if (result == RC_OK)
                result = flow_close(flow, flow_from(flow, tar, NULL, "tar", S(""), NULL));
        if (result == RC_OK && fsync(fd) != 0)
                result = file_failed(cx, half, errno);
        (void)close(fd);
        if (result == RC_OK && rename(half, path) != 0)
                result = file_failed(cx, path, errno);
        if (result != RC_OK)
                (void)unlink(half);
        return result;
}
