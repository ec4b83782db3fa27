/* csv.h - reads RFC 4180, or the same with tabs for commas, record by record from a file of any size, in bytes: delimiters and quotes are ASCII and never part of a character in
 * UTF-8 or CP932, so that one damaged character spoils its cell and nothing else. Decoding is charset.h's.
 *
 * Taken besides RFC 4180: line ends LF, CR LF, CR in any mix; no line end at the end; a quotation mark inside an unquoted cell (it stands for
 * itself); empty lines (skipped); a byte order mark; Ctrl-Z as the last byte. A record that cannot be read is handed out with its fault, and
 * reading goes on with the next physical line: one bad row never takes others with it. */
#ifndef DAICHO_BASE_CSV_H
#define DAICHO_BASE_CSV_H

#include "base/charset.h"

enum {
        CSV_COLUMNS_MAX = 300,
        CSV_CELL_MAX = 20000,     /* characters, checked by csv_text */
        CSV_RECORD_MAX = 1 << 20, /* bytes of one record */
};

enum csv_fault {
        CSV_FINE,
        CSV_OPEN_QUOTE,  /* a quoted cell is never closed (or the record is over its maximum) */
        CSV_AFTER_QUOTE, /* something stands between a closing quote and the delimiter */
        CSV_COLUMNS,     /* more than CSV_COLUMNS_MAX cells */
        CSV_LONG,        /* more than CSV_CELL_MAX characters in a cell, CSV_RECORD_MAX bytes in a record */
        CSV_BYTES,       /* bytes that are no character */
        CSV_FAULTS
};

struct csv_cell {
        str raw;      /* between the quotes */
        bool doubled; /* holds doubled quotes, each standing for one */
};

struct csv_record {
        int64_t line;   /* physical line it begins on, from 1 */
        int64_t offset; /* of its first byte in the file */
        size_t size;    /* in bytes, without its line end */
        enum csv_fault fault;
        size_t count;
        struct csv_cell cells[CSV_COLUMNS_MAX];
};

struct csv;
/* Reads with pread from offset 0; the descriptor stays the caller's. separator: ',' or '\t', or 0: what the first line tells, in which a tab outside quotes
 * separates. */
struct csv *csv_open(struct arena *mem, int fd, char separator);
/* Lines are counted as records are, whatever line ends stand inside cells: rows of what was a table before. */
void csv_count_records(struct csv *csv);
/* ',' or '\t', once the first record was read. */
char csv_separator(const struct csv *csv);
/* The next record, valid until the next call; false at the end. A failing read ends the file: ask csv_error(). */
bool csv_next(struct csv *csv, struct csv_record *ret);
int csv_error(const struct csv *csv); /* errno of a failed read, or 0 */
/* Go on reading at a record's offset and line, learnt from an earlier record. */
void csv_seek(struct csv *csv, int64_t offset, int64_t line);
int64_t csv_offset(const struct csv *csv); /* bytes read so far */
/* "\r\n", "\n" or "\r": as the first record ended. */
str csv_line_end(const struct csv *csv);

/* A cell as UTF-8, its quotes undoubled. out: room for CHARSET_GROWTH times cell->raw.n bytes. CSV_BYTES, CSV_LONG or CSV_FINE. *ret points
 * into the cell where nothing had to be changed, else to out. */
enum csv_fault csv_text(const struct csv_cell *cell, enum charset set, char *out, str *ret);

const char *csv_fault_text(enum csv_fault fault); /* English sentence, a key of pages/messages.ja.yaml; NULL for CSV_FINE */

#endif
