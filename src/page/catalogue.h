/* catalogue.h - the texts of pages in Japanese and English, and the translations of refusals. Read once at start. Private to this room. */
#ifndef DAICHO_PAGE_CATALOGUE_H
#define DAICHO_PAGE_CATALOGUE_H

#include "base/json.h"
#include "page/template.h"

struct text_entry {
        const char *key; /* "record.new" */
        str text[LANG_END];
        struct template *template[LANG_END]; /* the text holds {{…}}; otherwise NULL */
};

/* Read texts.ja.yaml, texts.en.yaml and messages.ja.yaml of this directory; mem lives as long as the process. Refuses with file and line what is
 * missing in one language, and translations whose %-arguments differ from the English. */
rc catalogue_start(struct cx *cx, struct arena *mem, str directory) MUST_USE;
/* NULL when missing. */
const struct text_entry *catalogue_find(const char *key);

#endif
