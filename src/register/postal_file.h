/* postal_file.h - the file of all postal codes that Japan Post publishes every month, in both of its shapes: KEN_ALL.CSV (CP932, readings in half-width kana,
 * long remarks split over several rows) and utf_ken_all.csv (UTF-8, full-width kana, one row each). Read row by row; memory does not grow with the file.
 *
 * A town is given as people write it into an address, without what the file remarks about it:
 * - 以下に掲載がない場合, …の次に番地がくる場合 and …一円 stand for the rest of the municipality: the town is empty (but 一円 in 多賀町 is the name of a place);
 * - （…） goes: 大通西（１～１９丁目）, 梅田（次のビルを除く）; of buildings the floor stays: （１階）;
 * - 第１地割～第３地割 goes, one 地割 alone stays.
 * Half-width kana become full-width, full-width letters and digits narrow, as values of items are kept. */
#ifndef DAICHO_REGISTER_POSTAL_FILE_H
#define DAICHO_REGISTER_POSTAL_FILE_H

#include "base/cx.h"

enum { POSTAL_FILE_MAX = 128 << 20 };

struct postal_row {
        int64_t line; /* where it begins in the file */
        str code;     /* 7 digits */
        str place;    /* 5 digits: JIS X 0401 and 0402 */
        str prefecture, city, town;
        str prefecture_kana, city_kana, town_kana;
};

struct postal_file;

/* fd stays the caller's. RC_INVALID when it is neither UTF-8 nor CP932, is empty or too large. */
rc postal_file_open(struct cx *cx, int fd, struct postal_file **ret) MUST_USE;
/* The next row, in mem; *ret_end true: there is none. RC_INVALID with the line and what is wrong. */
rc postal_file_next(struct cx *cx, struct postal_file *file, struct arena *mem, struct postal_row *ret, bool *ret_end) MUST_USE;

/* A town as the file has it to the town of an address, and its reading with it. */
void postal_file_town(struct arena *mem, str *town, str *kana);

#endif
