/* keyring.c - see keyring.h. */
#include "base/house.h"

#include "log/keyring.h"

#include "base/buf.h"
#include "base/fail.h"
#include "base/file.h"
#include "log/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { KEY_FILE_MAX = 1024, NUMBER_MAX = 1000000 };

static const char head[] = "daicho-log-key/v1";

static const char *key_path(struct cx *cx, const char *directory, int64_t number)
{
        return str_format(cx->mem, "%s/%" PRId64 ".key", directory, number).p;
}

static bool number_of(str name, int64_t *ret)
{
        if (!str_ends(name, S(".key")))
                return false;
        name.n -= 4;
        return checkpoint_number(name, ret) && *ret > 0 && *ret <= NUMBER_MAX;
}

static int by_number(const void *a, const void *b)
{
        const int64_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static rc numbers_list(struct cx *cx, const char *directory, int64_t numbers[KEYRING_MAX], size_t *ret)
{
        DIR *list = opendir(directory);
        const struct dirent *entry;
        size_t count = 0;

        if (list == NULL)
                return file_failed(cx, directory, errno);
        while ((entry = readdir(list)) != NULL && count < KEYRING_MAX)
                if (number_of(str_of(entry->d_name), &numbers[count]))
                        count++;
        (void)closedir(list);
        qsort(numbers, count, sizeof(numbers[0]), by_number);
        *ret = count;
        return RC_OK;
}

static bool parse(struct cx *cx, str text, struct keyring_key *key)
{
        str rest, line = str_cut(text, '\n', &rest), seed;

        if (!str_is(line, head))
                return false;
        line = str_cut(rest, '\n', &rest);
        if (!str_starts(line, S("seed ")) || !crypto_base64_read(cx->mem, (str){ line.p + 5, line.n - 5 }, &seed) || seed.n != ED25519_KEY_SIZE)
                return false;
        memcpy(key->seed, seed.p, seed.n);
        key->until = 0;
        line = str_absent(rest) ? S("") : str_cut(rest, '\n', &rest);
        if (line.n > 0 && (!str_starts(line, S("until ")) || !checkpoint_number((str){ line.p + 6, line.n - 6 }, &key->until)))
                return false;
        crypto_ed25519_public(key->seed, key->public_key);
        return true;
}

static rc key_write(struct cx *cx, const char *directory, const struct keyring_key *key)
{
        struct buf b = buf_open(cx->mem, KEY_FILE_MAX);

        buf_format(&b, "%s\nseed %.*s\n", head, STR_ARG(crypto_base64(cx->mem, key->seed, sizeof(key->seed))));
        if (key->until != 0)
                buf_format(&b, "until %" PRId64 "\n", key->until);
        return file_write(cx, key_path(cx, directory, key->number), buf_str(&b), 0600);
}

static void wipe(void *p)
{
        crypto_wipe(p, sizeof(struct keyring));
}

rc keyring_read(struct cx *cx, const char *directory, struct keyring **ret)
{
        struct keyring *ring = NEW(cx->mem, struct keyring);
        int64_t numbers[KEYRING_MAX];
        size_t count;

        arena_defer(cx->mem, wipe, ring);
        TRY(numbers_list(cx, directory, numbers, &count));
        for (size_t i = 0; i < count; i++) {
                struct keyring_key *key = &ring->key[ring->count++];
                str text;

                key->number = numbers[i];
                TRY(file_read(cx, key_path(cx, directory, numbers[i]), KEY_FILE_MAX, &text));
                if (!parse(cx, text, key))
                        return fail(cx, RC_MALFORMED, NULL, "the key of the log in %s is damaged", key_path(cx, directory, numbers[i]));
        }
        if (ring->count == 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no key to sign the log with in %s", directory);
        *ret = ring;
        return RC_OK;
}

static rc key_make(struct cx *cx, const char *directory, int64_t number)
{
        struct keyring_key key = { .number = number };
        rc result;

        crypto_random(key.seed, sizeof(key.seed));
        result = key_write(cx, directory, &key);
        crypto_wipe(&key, sizeof(key));
        return result;
}

rc keyring_ensure(struct cx *cx, const char *directory)
{
        int64_t numbers[KEYRING_MAX];
        size_t count;

        TRY(file_directory(cx, directory, 0700));
        TRY(numbers_list(cx, directory, numbers, &count));
        return count > 0 ? RC_OK : key_make(cx, directory, 1);
}

rc keyring_rotate(struct cx *cx, const char *directory, int64_t now, int64_t until)
{
        struct keyring *ring;
        size_t kept = 0;

        TRY(keyring_read(cx, directory, &ring));
        for (size_t i = 0; i < ring->count; i++)
                kept += ring->key[i].until == 0 || ring->key[i].until > now;
        if (kept + 1 >= KEYRING_MAX)
                return fail(cx, RC_CONFLICT, NULL, "%zu keys sign at the moment; wait until the older ones have stopped", kept);
        TRY(key_make(cx, directory, ring->key[ring->count - 1].number + 1));
        for (size_t i = 0; i < ring->count; i++) {
                struct keyring_key *key = &ring->key[i];

                if (key->until == 0) {
                        key->until = until;
                        TRY(key_write(cx, directory, key));
                } else if (key->until <= now && unlink(key_path(cx, directory, key->number)) != 0) {
                        return file_failed(cx, key_path(cx, directory, key->number), errno);
                }
        }
        return RC_OK;
}

static bool signs(const struct keyring_key *key, int64_t now)
{
        return key->until == 0 || key->until > now;
}

str keyring_sign(struct arena *mem, const struct keyring *ring, str origin, str text, int64_t now)
{
        str lines[KEYRING_MAX];
        size_t count = 0;

        for (size_t i = 0; i < ring->count; i++) {
                struct note_signer signer;

                if (!signs(&ring->key[i], now))
                        continue;
                signer = note_signer_of(mem, origin, NOTE_ED25519, ring->key[i].seed);
                lines[count++] = note_sign(mem, &signer, text, 0);
                crypto_wipe(&signer, sizeof(signer));
        }
        return note_write(mem, text, lines, count);
}

str *keyring_vkeys(struct arena *mem, const struct keyring *ring, str origin, int64_t now, size_t *ret_count)
{
        str *list = NEW_ARRAY(mem, str, KEYRING_MAX);
        size_t count = 0;

        for (size_t i = 0; i < ring->count; i++) {
                struct note_signer signer;

                if (!signs(&ring->key[i], now))
                        continue;
                signer = note_signer_of(mem, origin, NOTE_ED25519, ring->key[i].seed);
                list[count++] = note_key_write(mem, &signer.key);
                crypto_wipe(&signer, sizeof(signer));
        }
        *ret_count = count;
        return list;
}
