/* import_read.h - a file that is brought in, from its bytes to rows beside the register: character set, headings, cells. Rows that cannot be taken are noted
 * with all that is wrong with them. Memory does not grow with the file: a window of it, one row, a filter of fixed size for keys seen. */
#ifndef REGISTER_IMPORT_READ_H
#define REGISTER_IMPORT_READ_H

#include "base/charset.h"
#include "base/csv.h"
#include "jobs/jobs.h"
#include "register/definition.h"
#include "register/refused.h"
#include "register/stage.h"

#include <stdio.h>

struct import_read {
        struct cx *cx;
        struct job *job;
        const struct definition *def;
        int fd;
        int64_t size;
        enum charset set;    /* of what is read: a file in UTF-16 is read through a copy in UTF-8 */
        enum charset source; /* of the file itself */
        bool bom;
        bool book;      /* a workbook (.xlsx): its first sheet is read through a copy as CSV */
        str sheet;      /* its name */
        char separator; /* ',' or '\t'; 0: what the first line tells */
        struct csv *csv;
        struct csv_record *record;
        struct arena *scratch;                      /* of one row */
        size_t cells;                               /* of the heading */
        const struct item *column[CSV_COLUMNS_MAX]; /* by cell; NULL: ignored */
        bool by_key[CSV_COLUMNS_MAX];               /* a reference to a look-up list: digits are its key, not a number of ours */
        str wanted;        /* mapping: "auto", its number; absent: none */
        json_t *mapping;   /* mapping.h; NULL: headings are what they say */
        json_t *headings;  /* [[heading, item or null]] of this file */
        json_t *ignored;
        int64_t heading;
        size_t heading_size;
        struct stage stage;
        struct refused *refused;
        struct keys *keys;
        FILE *suspects; /* COPY lines of rows whose key may stand in the file twice */
        char *row;      /* the COPY line being put together */
        size_t row_n, row_room;
        str key; /* of this row, stored form */
        int64_t read, staged, blank, suspect_count;
};

/* Opens the file the job names and finds its size. An empty one is refused, and an old workbook. */
rc import_read_open(struct import_read *in, str path) MUST_USE;
/* What import_read_charset() takes as wanted, checked before a job is made of it. */
rc import_read_charset_find(struct cx *cx, str name, enum charset *ret) MUST_USE;
/* Finds the character set over the whole file, or takes the one that is wanted (absent, "auto", or as charset_find takes it). *ret_reason: a sentence on why. */
rc import_read_charset(struct import_read *in, str wanted, str *ret_reason) MUST_USE;
/* Reads the headings: which column holds which item of in->def. Fills in->stage.items; refuses files nothing can be done with. */
rc import_read_heading(struct import_read *in) MUST_USE;
/* Notes in in->stage.missing the first required item there is no column for. */
void import_read_missing(struct import_read *in);
/* Opens what notes rows that cannot be taken and keys that were seen. After the headings. */
rc import_read_prepare(struct import_read *in) MUST_USE;
/* Sends all rows to the stage but those whose key may have been in the file before: these follow by import_read_suspects(). */
rc import_read_rows(struct import_read *in) MUST_USE;
rc import_read_suspects(struct import_read *in) MUST_USE;

#endif
