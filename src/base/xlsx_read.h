/* xlsx_read.h - the first visible sheet of a workbook (ECMA-376, SpreadsheetML, both its namespaces) as CSV, so that what reads files reads spreadsheets. Memory does
 * not grow with the file: the texts cells share wait in a file without a name.
 *
 * A cell is what people see in it, as far as it matters to a database: texts without their readings (phonetic runs), numbers in full, days and instants by the
 * number format of the cell (1900 and 1904 calendars), true and false, the last result of a formula. */
#ifndef DAICHO_BASE_XLSX_READ_H
#define DAICHO_BASE_XLSX_READ_H

#include "base/cx.h"

enum {
        XLSX_READ_BYTES_MAX = 2147483647, /* of a part, unpacked */
        XLSX_READ_CELL_MAX = 1 << 18,     /* bytes of a cell's text */
        XLSX_READ_COLUMNS_MAX = 512,      /* cells to the right are not looked at */
        XLSX_READ_STYLES_MAX = 65536,
        XLSX_READ_DEPTH_MAX = 64,
};

/* Does a file begin as a workbook? old: as one of the format before, or one locked by a password. */
bool xlsx_read_known(str start, bool *ret_old);

/* go_on: asked now and then with what was read and what there is (bytes of the packed sheet); anything but RC_OK ends the reading. */
struct xlsx_read_watch {
        rc (*go_on)(void *of, int64_t done, int64_t total);
        void *of;
};
/* in: the workbook; stays the caller's. out: CSV in UTF-8 with commas and CR LF is appended, one record a row, an empty line for an empty one. *ret_sheet: its
 * name. RC_INVALID with a sentence for what is no workbook, is damaged, or over its maximum. */
rc xlsx_read_csv(struct cx *cx, int in, int out, const char *scratch, const struct xlsx_read_watch *watch, str *ret_sheet) MUST_USE;

#endif
