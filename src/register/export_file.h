/* export_file.h - the file of an export in one of its formats, row after row. Memory: one row and one piece, whatever the number.
 *
 * CSV: headings are titles in the reader's language, values as people read them; UTF-8 with byte order mark, or CP932, in which characters it does not have become 〓,
 * counted and listed; CR LF; what a spreadsheet would run as a formula gets an apostrophe in front. JSON Lines: one object a line by names of items, values as the API
 * gives them. xlsx: one sheet, numbers and days as such, all else as text. */
#ifndef DAICHO_REGISTER_EXPORT_FILE_H
#define DAICHO_REGISTER_EXPORT_FILE_H

#include "base/charset.h"
#include "register/definition.h"

enum export_format { EXPORT_CSV, EXPORT_JSONL, EXPORT_XLSX, EXPORT_FORMATS };

const char *export_file_format_name(enum export_format format); /* "csv" "jsonl" "xlsx": also what the file's name ends with */
bool export_file_format_find(str name, enum export_format *ret);

struct export_file;
/* path: of the file, made anew; set: of CSV. The heading is written. */
rc export_file_open(struct cx *cx, enum export_format format, enum charset set, const struct definition *def, const struct item **items, size_t count,
                    const char *path, struct export_file **ret) MUST_USE;
/* record: its number, for what is told. values: stored forms, absent where empty; of references and accounts what a file holds. */
rc export_file_row(struct export_file *file, int64_t record, const str *values) MUST_USE;
rc export_file_close(struct export_file *file) MUST_USE;

/* Cells that hold what CP932 does not have. */
int64_t export_file_replaced(const struct export_file *file);
/* Members bytes, encoding, replaced, similar, first_replaced: [{line, record, item, title}], characters: [{character, count}] (the first hundred of each). */
void export_file_tell(const struct export_file *file, json_t *result);

#endif
