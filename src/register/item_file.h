/* item_file.h - items that hold a file: what the column says of it, and what kinds of files there are. The bytes and everything else about them: attachment.h.
 * Stored as number/sha256/size/name, which the database writes (schema/0049_file.sql); nobody else can. */
#ifndef DAICHO_REGISTER_ITEM_FILE_H
#define DAICHO_REGISTER_ITEM_FILE_H

#include "register/item.h"

enum { ITEM_FILE_MAX = 25 << 20, ITEM_FILE_DEFAULT = 10 << 20 };

/* Kinds by content: pdf image text office mail archive media. What can be run, and pages for browsers, are none of them. */
enum { ITEM_FILE_USUAL = 1 | 2 | 4 | 8 };
unsigned item_file_kind(str name); /* 0: there is no such kind */
const char *item_file_kinds(void); /* the names, with spaces between */
unsigned item_file_kind_of(str mime);
json_t *item_file_names(unsigned kinds);
str item_file_title(struct arena *mem, enum lang lang, unsigned kinds);

struct item_file {
        int64_t id;
        str sha256; /* 64 hexadecimal digits */
        int64_t size;
        str name;
};
/* Stored text taken apart; false: it is none. */
bool item_file_parse(str stored, struct item_file *ret);

/* As item_read(): never, files are not written as text. */
enum item_reason item_file_read(struct arena *mem, const struct item *item, str s, str *ret) MUST_USE;
str item_file_show(struct arena *mem, enum lang lang, const struct item *item, str stored);
str item_file_write(struct arena *mem, enum lang lang, const struct item *item, str stored); /* name (sha256:…) */
json_t *item_file_json(str stored);                                                          /* {id, name, size, sha256} */

bool item_file_any(const struct definition *def);

#endif
