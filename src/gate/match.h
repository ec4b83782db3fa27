/* match.h - finds the route of an address. */
#ifndef DAICHO_GATE_MATCH_H
#define DAICHO_GATE_MATCH_H

#include "gate/route.h"

enum { MATCH_METHODS_ALLOW = 64 };

/* Compile the tables; a path that does not parse, or stands there twice with the same method, is a bug. */
void match_start(const struct route *const *tables);

/* Split off /api/v1. */
enum face match_face(str path, str *ret_path);
/* The route; its {args} into req. A literal part wins over an {arg}. RC_UNKNOWN; RC_METHOD with `allow` filled ("GET, POST"). */
rc match_find(struct cx *cx, struct http_req *req, enum face face, str path, const struct route **ret, char allow[MATCH_METHODS_ALLOW]) MUST_USE;
/* The largest body any of this path's routes takes: for a form that will name its method inside. */
void match_limits(str path, size_t *ret_body_max, int64_t *ret_file_max);

#endif
