/* xlsx.h - a workbook of one sheet is written (ECMA-376, SpreadsheetML) by libxlsxwriter, row after row. Memory: one row, whatever the number; what is ready waits
 * in files without a name in the directory given. Text is text: nothing in a cell is ever run as a formula. */
#ifndef DAICHO_BASE_XLSX_H
#define DAICHO_BASE_XLSX_H

#include "base/clock.h"
#include "base/cx.h"

enum {
        XLSX_ROWS_MAX = 1048576,     /* of a sheet, the heading with them */
        XLSX_CHARACTERS_MAX = 32767, /* UTF-16 units of a cell */
        XLSX_COLUMNS_MAX = 16384,
        XLSX_DIGITS_MAX = 15, /* of a number: what has more is kept as text, for it would be rounded */
};

struct xlsx;
/* path: of the file, which is there when xlsx_close() succeeded. sheet: a name that a sheet cannot have becomes "Sheet1". columns: for the filter. */
rc xlsx_open(struct cx *cx, const char *path, const char *scratch, str sheet, size_t columns, struct xlsx **ret) MUST_USE;
/* The heading: bold, and in sight when the sheet is scrolled. */
rc xlsx_heading(struct xlsx *x, size_t column, str text, int width) MUST_USE;
/* Rows from 1 on, in order. RC_TOO_LARGE where the sheet or a cell is full. */
rc xlsx_text(struct xlsx *x, int64_t row, size_t column, str text) MUST_USE;
/* A number as decimal text ("-1234.50"); places: digits behind the point that are shown. */
rc xlsx_number(struct xlsx *x, int64_t row, size_t column, str text, int places) MUST_USE;
/* From 1900-03-01 on (a spreadsheet's calendar is wrong before, and begins there): earlier days are written as text. */
rc xlsx_date(struct xlsx *x, int64_t row, size_t column, const struct civil *at, bool time) MUST_USE;
rc xlsx_close(struct xlsx *x) MUST_USE;

#endif
