/* page.h - Mustache templates (https://mustache.github.io/mustache.5.html, spec 1.4 with inheritance) over JSON models; HTML escaping by default.
 * Templates stand in pages/NAME.html; texts in pages/texts.ja.yaml and texts.en.yaml appear in the model as `t`
 * ({{t.record.new}}); a text that itself holds {{…}} is rendered in the current context, as a lambda would be. */
#ifndef DAICHO_PAGE_PAGE_H
#define DAICHO_PAGE_PAGE_H

#include "base/buf.h"
#include "base/json.h"

/* Read all templates and both text catalogues from `directory` once, at start. Refuses with file and line. */
rc page_start(struct cx *cx, str directory) MUST_USE;
/* Render pages/NAME in cx->lang. */
rc page_render(struct cx *cx, const char *name, json_t *model, struct buf *out) MUST_USE;
/* Render any template text (also `daicho template`); partials are looked up under pages/. */
rc page_render_text(struct cx *cx, str template, json_t *model, struct buf *out) MUST_USE;
/* The same for something that is no markup (a mail, a log sentence): nothing is escaped. */
rc page_render_plain(struct cx *cx, str template, json_t *model, struct buf *out) MUST_USE;
/* One text of the catalogue, "record.new"; the key itself when missing. */
str page_text(enum lang lang, const char *key);

#endif
