/* raw.h - looks for bytes in every file below a directory, whatever the files are. Follows no symbolic link and never leaves the directory; memory is one
 * window, however large a file is. Does not look into what is packed: a long compressed text, the grams of a search index. */
#ifndef DAICHO_CLI_RAW_H
#define DAICHO_CLI_RAW_H

#include "base/cx.h"

enum { RAW_NEEDLES_MAX = 8, RAW_WORD_MIN = 4, RAW_WORD_MAX = 1000 };

struct raw_needle {
        str bytes;
        const char *as; /* "UTF-8" */
        bool control;   /* of something that must be there: counted apart and not told */
};

struct raw {
        struct raw_needle needle[RAW_NEEDLES_MAX];
        size_t needle_count;
        void (*find)(void *data, const char *path, int64_t offset, const struct raw_needle *needle);
        void (*skip)(void *data, const char *path, const char *why);
        void (*progress)(void *data, const struct raw *raw);
        void *data;
        /* so far */
        int64_t files, bytes, found, control, skipped;
};

/* One text as UTF-8, with its ASCII letters small (as search folds them), as CP932, as UTF-16, low and high byte first. RC_INVALID: not 4 to 1000 bytes. */
rc raw_word(struct cx *cx, struct raw *raw, str word) MUST_USE;
/* What must be found somewhere, or the scan looked in the wrong place. */
void raw_control(struct raw *raw, str bytes);
/* Everything below `directory`. What is gone meanwhile is gone; what cannot be read and symbolic links are told to skip(). RC_UNKNOWN: no such directory. */
rc raw_scan(struct cx *cx, struct raw *raw, const char *directory) MUST_USE;

#endif
