/* card.h - jobs, lists with a cursor, and refusals as pages show them. */
#ifndef DAICHO_CONSOLE_CARD_H
#define DAICHO_CONSOLE_CARD_H

#include "base/json.h"
#include "http/http.h"

void card_dress(struct cx *cx, const struct http_req *req, json_t *context);

#endif
