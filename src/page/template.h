/* template.h - Mustache text compiled into a tree. Private to this room. */
#ifndef DAICHO_PAGE_TEMPLATE_H
#define DAICHO_PAGE_TEMPLATE_H

#include "base/cx.h"

enum node_kind {
        NODE_TEXT,     /* part of one line, or a line with its end */
        NODE_VALUE,    /* {{name}}, escaped */
        NODE_RAW,      /* {{{name}}}, {{&name}} */
        NODE_SECTION,  /* {{#name}} */
        NODE_INVERTED, /* {{^name}} */
        NODE_PARTIAL,  /* {{>name}} */
        NODE_PARENT,   /* {{<name}}; children: its blocks */
        NODE_BLOCK,    /* {{$name}} */
};

enum { TEMPLATE_BYTES_MAX = 1 << 20, TEMPLATE_DEPTH_MAX = 64, TEMPLATE_PATH_MAX = 8 };

struct text_entry;

struct node {
        enum node_kind kind;
        bool alone; /* partial, parent: stood alone on its line, lines inside are indented */
        int line;
        str text;                                /* NODE_TEXT: the text; otherwise the name */
        str indent;                              /* partial, parent, block: white space before the tag (block: of its first line) */
        const char *path[TEMPLATE_PATH_MAX + 1]; /* value, section: parts of a dotted name; path[0] NULL: the implicit iterator */
        const struct template *target;           /* partial, parent: set when all pages are read */
        const struct text_entry *entry;          /* value: {{t.…}} of a page, found in the catalogue at start */
        struct node *child;
        struct node *next;
};

struct template
{
        const char *name; /* "record.html", for messages */
        struct node *root;
};

/* Compile; everything lives in mem. RC_INVALID with the line, item: the template's name. */
rc template_compile(struct cx *cx, struct arena *mem, const char *name, str text, struct template **ret) MUST_USE;

#endif
