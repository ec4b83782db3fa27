/* print.h - what a command shows: an aligned table for people, or the same as JSON with --json. */
#ifndef DAICHO_CLI_PRINT_H
#define DAICHO_CLI_PRINT_H

#include "base/json.h"

struct column {
        const char *member; /* of each row */
        const char *title;  /* English; translated */
};

/* rows: array of objects. columns ends with member == NULL. Numbers stand right, kanji take two places. */
void print_table(struct cx *cx, const json_t *rows, const struct column *columns);
/* A model as it is: indented JSON. */
void print_json(struct cx *cx, const json_t *model);
/* One translated sentence and a line end. */
void print_line(struct cx *cx, const char *format, ...) PRINTF(2, 3);

#endif
