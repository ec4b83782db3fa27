/* raw.c - see raw.h. */
#include "base/house.h"

#include "cli/raw.h"

#include "base/charset.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/utf8.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WINDOW = 1 << 20, DEPTH_MAX = 64, UTF16_MAX = 4 };

static void add(struct raw *raw, str bytes, const char *as)
{
        must(raw->needle_count < RAW_NEEDLES_MAX);
        for (size_t i = 0; i < raw->needle_count; i++)
                if (str_equal(raw->needle[i].bytes, bytes))
                        return;
        raw->needle[raw->needle_count++] = (struct raw_needle){ .bytes = bytes, .as = as };
}

static str small(struct cx *cx, str word)
{
        char *out = arena_copy(cx->mem, word.p, word.n);

        for (size_t i = 0; i < word.n; i++)
                if (out[i] >= 'A' && out[i] <= 'Z')
                        out[i] = (char)(out[i] - 'A' + 'a');
        return (str){ out, word.n };
}

static size_t unit_write(uint32_t unit, bool high_first, char *out)
{
        out[high_first ? 1 : 0] = (char)(unit & 0xff);
        out[high_first ? 0 : 1] = (char)(unit >> 8);
        return 2;
}

static str utf16(struct cx *cx, str word, bool high_first)
{
        char *out = arena_alloc(cx->mem, word.n * UTF16_MAX);
        size_t n = 0, at = 0;

        while (at < word.n) {
                uint32_t c = utf8_decode(word, &at);

                if (c >= 0x10000) {
                        n += unit_write(0xd800 + ((c - 0x10000) >> 10), high_first, out + n);
                        c = 0xdc00 + ((c - 0x10000) & 0x3ff);
                }
                n += unit_write(c, high_first, out + n);
        }
        return (str){ out, n };
}

rc raw_word(struct cx *cx, struct raw *raw, str word)
{
        struct charset_loss loss = { 0 };
        char *japanese;
        size_t n;

        if (word.n < RAW_WORD_MIN || word.n > RAW_WORD_MAX || !utf8_valid(word))
                return fail(cx, RC_INVALID, "marker", "must be %d to %d bytes of text", RAW_WORD_MIN, RAW_WORD_MAX);
        add(raw, word, "UTF-8");
        add(raw, small(cx, word), "UTF-8, small letters");
        japanese = arena_alloc(cx->mem, word.n);
        n = charset_encode(CHARSET_CP932, word, japanese, &loss);
        if (loss.replaced == 0)
                add(raw, (str){ japanese, n }, "CP932");
        add(raw, utf16(cx, word, false), "UTF-16LE");
        add(raw, utf16(cx, word, true), "UTF-16BE");
        return RC_OK;
}

void raw_control(struct raw *raw, str bytes)
{
        add(raw, bytes, "control");
        raw->needle[raw->needle_count - 1].control = true;
}

/* Every place in text[0..n) where the needle is, but those that end within its first `begin` bytes: they were found in the window before. */
static void look(struct raw *raw, const struct raw_needle *needle, const char *path, const char *text, size_t n, size_t begin, int64_t offset)
{
        const char *at = text;

        while ((at = memmem(at, n - (size_t)(at - text), needle->bytes.p, needle->bytes.n)) != NULL) {
                if ((size_t)(at - text) + needle->bytes.n > begin) {
                        if (needle->control)
                                raw->control++;
                        else
                                raw->found++;
                        if (!needle->control)
                                raw->find(raw->data, path, offset + (at - text), needle);
                }
                at++;
        }
}

/* The window: what was kept of the one before (less than the longest needle), and what is new. */
static void file_look(struct raw *raw, const char *path, int fd, char *window, size_t keep)
{
        size_t kept = 0;
        int64_t offset = 0;
        ssize_t n;

        while ((n = read(fd, window + kept, WINDOW)) > 0) {
                size_t all = kept + (size_t)n, next = all < keep ? all : keep;

                for (size_t i = 0; i < raw->needle_count; i++)
                        look(raw, &raw->needle[i], path, window, all, kept, offset);
                raw->bytes += n;
                raw->progress(raw->data, raw);
                offset += (int64_t)(all - next);
                memmove(window, window + all - next, next);
                kept = next;
        }
        if (n < 0) {
                raw->skipped++;
                raw->skip(raw->data, path, strerror(errno));
        }
}

/* No arena below here: there may be a million files, and what find() keeps must stay. */
struct walk {
        struct raw *raw;
        char *window;
        size_t keep;
        char path[PATH_MAX];
        size_t path_n;
};

static void skip(struct walk *w, int error, const char *why)
{
        if (error == ENOENT)
                return;
        w->raw->skipped++;
        w->raw->skip(w->raw->data, w->path, why != NULL ? why : strerror(error));
}

static void directory_look(struct walk *w, int fd, int depth);

static void entry_look(struct walk *w, int above, const char *name, int depth)
{
        int fd = openat(above, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd < 0 && errno == ENXIO) /* a socket */
                return;
        if (fd < 0) {
                skip(w, errno, errno == ELOOP ? "symbolic link" : NULL);
                return;
        }
        if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
                directory_look(w, fd, depth + 1);
                return;
        }
        if (S_ISREG(st.st_mode)) {
                w->raw->files++;
                file_look(w->raw, w->path, fd, w->window, w->keep);
        }
        (void)close(fd);
}

/* Takes fd. */
static void directory_look(struct walk *w, int fd, int depth)
{
        DIR *list = depth <= DEPTH_MAX ? fdopendir(fd) : NULL;
        size_t before = w->path_n;
        const struct dirent *entry;

        if (list == NULL) {
                (void)close(fd);
                skip(w, EMFILE, "too deep");
                return;
        }
        while ((entry = readdir(list)) != NULL) {
                size_t n = strlen(entry->d_name);

                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                if (before + 1 + n >= sizeof(w->path)) {
                        skip(w, ENAMETOOLONG, NULL);
                        continue;
                }
                w->path[before] = '/';
                memcpy(w->path + before + 1, entry->d_name, n + 1);
                w->path_n = before + 1 + n;
                entry_look(w, dirfd(list), entry->d_name, depth);
                w->path_n = before;
                w->path[before] = '\0';
        }
        (void)closedir(list);
}

rc raw_scan(struct cx *cx, struct raw *raw, const char *directory)
{
        struct walk *w = NEW(cx->mem, struct walk);
        int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return file_failed(cx, directory, errno);
        w->raw = raw;
        w->path_n = strlen(directory);
        must(w->path_n < sizeof(w->path));
        memcpy(w->path, directory, w->path_n);
        for (size_t i = 0; i < raw->needle_count; i++)
                if (raw->needle[i].bytes.n > w->keep)
                        w->keep = raw->needle[i].bytes.n;
        w->keep -= w->keep > 0 ? 1 : 0;
        w->window = arena_alloc(cx->mem, WINDOW + w->keep);
        directory_look(w, fd, 0);
        return RC_OK;
}
