/* clock_plan.h - clocks of a definition before they run: as sentences for people, and what would fall due by them. */
#ifndef DAICHO_REGISTER_CLOCK_PLAN_H
#define DAICHO_REGISTER_CLOCK_PLAN_H

#include "register/definition.h"

/* [{name, title, starts, stops, only, within, steps: how many}], sentences in cx->lang. */
json_t *clock_plan_model(struct cx *cx, const struct definition *def);
/* The time that a rule gives: "24時間", "1営業日（support）". */
str clock_plan_within(struct cx *cx, const json_t *rule);
/* For a record that begins each clock at `from`: [{clock, title, what: due | reminder | escalation, starts, at, to}]; and of a start on each of so many days,
 * shortest and longest. Nothing is written. Calendars and groups must be there. */
rc clock_plan_simulate(struct cx *cx, const struct definition *def, msec from, int64_t days, json_t **ret) MUST_USE;

#endif
