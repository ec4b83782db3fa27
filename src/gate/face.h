/* face.h - turns what a handler replied into bytes: the model as JSON, or through its page. */
#ifndef DAICHO_GATE_FACE_H
#define DAICHO_GATE_FACE_H

#include "gate/unit.h"

/* Model, page and location of *res become body, type and headers. Inside the tenant's transaction (the frame looks things up). */
rc face_render(struct cx *cx, struct unit *u, struct http_res *res) MUST_USE;
/* A page outside the frame's reach: after a refusal, before a log-in. */
rc face_page(struct cx *cx, struct unit *u, const char *page, json_t *model, struct http_res *res) MUST_USE;
void face_json(struct cx *cx, struct http_res *res, json_t *model, str type);

/* "ja" or "en" by RFC 9110 Accept-Language; Japanese when nothing says otherwise. */
enum lang face_lang(str accept_language);

#endif
