/* render.h - a compiled template over a JSON model. Private to this room. */
#ifndef DAICHO_PAGE_RENDER_H
#define DAICHO_PAGE_RENDER_H

#include "base/buf.h"
#include "base/json.h"
#include "page/template.h"

/* Finds a page by the name in {{>name}}; NULL: there is none, nothing is printed. */
typedef const struct template *(*render_find)(str name, void *arg);

rc render_template(struct cx *cx, const struct template *t, json_t *model, render_find find, void *arg, struct buf *out) MUST_USE;

#endif
