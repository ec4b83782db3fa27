/* refused.h - the rows of a file that were not taken: noted while the file is read, given back as a file with line and reason. */
#ifndef DAICHO_REGISTER_REFUSED_H
#define DAICHO_REGISTER_REFUSED_H

#include "base/csv.h"
#include "register/item.h"
#include "register/stage.h"

/* Why: one numbering over the three places that refuse. */
enum {
        REFUSED_ITEM = 0,    /* + enum item_reason */
        REFUSED_CSV = 100,   /* + enum csv_fault */
        REFUSED_STAGE = 200, /* + enum stage_reason */
        REFUSED_FEW = 300,   /* fewer cells than the heading */
        REFUSED_MANY,        /* more */
};
enum { REFUSED_ROW = -1, REFUSED_PROBLEMS_MAX = 8 };

struct refused_problem {
        int32_t item; /* number of the item; REFUSED_ROW: the whole row */
        int32_t reason;
        int64_t other; /* REPEATED: line of the first; FEW, MANY: cells found */
};

struct refused;
/* cells: of the heading. */
rc refused_open(struct cx *cx, const struct definition *def, size_t cells, struct refused **ret) MUST_USE;
/* A row that could not be read. value: the text of its first problem's cell, kept for the first rows when it is not personal. */
void refused_add(struct refused *refused, const struct csv_record *record, const struct refused_problem *problems, size_t count, str value);
/* Rows refused later, by line: one call a problem. */
void refused_add_late(struct refused *refused, int64_t line, struct refused_problem problem);
/* Where a record begins, now and then: so that a row refused later is found again. */
void refused_mark(struct refused *refused, int64_t line, int64_t offset);
int64_t refused_count(const struct refused *refused);

/* Members of the job's result: `refused`, `by_reason` (the first 20: line, item, title, value, reason) and `counts` (each reason, how often). */
void refused_model(struct cx *cx, const struct refused *refused, json_t *model);
/* All refused rows in the order of the file, byte for byte as they stood there, behind two columns: line and reason. */
struct refused_source {
        int fd; /* the file */
        enum charset set; /* to be written in; UTF-16 is held in UTF-8 there */
        bool bom;
        char separator;
        bool book; /* lines are rows of a sheet */
        int64_t heading; /* offset and size of its heading */
        size_t heading_size;
        str line_end;
};
rc refused_write(struct cx *cx, struct refused *refused, const struct refused_source *source, const char *path) MUST_USE;
/* Each into tenant.import_row, for the page that shows them before anything is written: told = [{item, title, code, reason}]. Before refused_write. */
rc refused_keep(struct cx *cx, struct refused *refused, int64_t job) MUST_USE;
/* Headings of the two columns, in both languages: a file sent again may still have them. */
bool refused_heading(str heading);

#endif
