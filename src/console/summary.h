/* summary.h - numbers of the contract for the first page and its charts. */
#ifndef DAICHO_CONSOLE_SUMMARY_H
#define DAICHO_CONSOLE_SUMMARY_H

#include "base/json.h"
#include "gate/route.h"

/* {registers: [{name, title, kind, master, about}], register: the first master, empty, month: {count}, months: [{month,
 * count}], prefectures: [{prefecture, title, count, url}], has_months, has_prefectures, by: name of the item the groups
 * are by}. */
rc summary_model(struct cx *cx, json_t **ret) MUST_USE;

extern const struct route summary_routes[];

#endif
