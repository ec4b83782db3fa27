/* frame.h - what stands around every page of the console: names of the static files, registers with counts, where we
 * are, jobs under way. Also where the model of a handler is made readable (dress.h). */
#ifndef DAICHO_CONSOLE_FRAME_H
#define DAICHO_CONSOLE_FRAME_H

#include "base/json.h"
#include "http/http.h"

/* Read the names of the static files from `directory`/manifest.json (tool/assets writes it); without one the plain
 * names are used. Once a process, before the sandbox closes. */
rc frame_start(struct cx *cx, str directory) MUST_USE;

/* Hook of gate: context is complete but for `static`, `frame` and what dress_model() adds. Without `me` (log-in page,
 * refusals before a session) no statement is run. */
rc frame_add(struct cx *cx, const struct http_req *req, json_t *context) MUST_USE;

#endif
