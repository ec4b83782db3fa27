/* change.h - changes of the service, told to its contracts ahead of time and confirmed by them. An operator writes one, another looks at it, and it is scheduled
 * only with a notice for every contract it concerns: the rules stand in schema/0029_change.sql; here is the way to them, and the words of the notices. */
#ifndef DAICHO_GOVERNANCE_CHANGE_H
#define DAICHO_GOVERNANCE_CHANGE_H

#include "base/json.h"

enum { CHANGE_TITLE_MAX = 100, CHANGE_TEXT_MAX = 3000, CHANGE_EFFECT_MAX = 1000, CHANGE_WHY_MAX = 1000, CHANGE_TENANTS_MAX = 1000 };

/* For operators.
 * {kinds: [{name, title, channels: [word], by: for people, months, days, large_months, large_days, lead, large_lead: for people, banner_days, remind_days}]}. */
rc change_kinds(struct cx *cx, json_t **ret) MUST_USE;
/* Newest first: {changes: [{id, state draft | reviewed | scheduled | done | cancelled, version, kind, kind_title, impact, emergency, title, from_at, to_at, window: for people,
 * contracts: that were told, confirmed: of them, failed: mails that did not arrive or had nobody, over: its time is over and nobody has said that it is done}],
 * next: id | null}. before 0: from the newest. */
rc change_list(struct cx *cx, int64_t before, int limit, json_t **ret) MUST_USE;
/* {change: as above and what its version says (title_ja … effect_en, emergency_why, everyone, tenants: [name], author, made_at, reviewed_by …), may: {review, approve,
 * schedule, finish, cancel, revise}: what is open to the reader, versions: [{version, title, window, author, made_at, …}] newest first, contracts: [{name, title, version,
 * told cancelled | told, at, mails: [{about, recipient, state queued | sent | failed | nobody, said, at}], confirmed: [{account, at}]}], next: name | null}.
 * after: name of the contract before the first; empty: from the first. RC_UNKNOWN. */
rc change_get(struct cx *cx, int64_t id, str after, int limit, json_t **ret) MUST_USE;
/* id 0: a new one; else a new version of it, `version` being the one that was read. in: {kind, impact normal | large, emergency_why, title_ja, title_en, text_ja,
 * text_en, effect_ja, effect_en, from_at, to_at: 2026-12-06T02:00, without a zone in Tokyo, scope all | chosen, tenants: [name]}. RC_STALE, RC_CONFLICT: it is over. */
rc change_write(struct cx *cx, int64_t id, const json_t *in, int64_t *ret_id) MUST_USE;
/* RC_FORBIDDEN: by who wrote it (approve: or reviewed it). RC_STALE: another version counts. RC_CONFLICT: not at this step. */
rc change_review(struct cx *cx, int64_t id, int64_t version) MUST_USE;
rc change_approve(struct cx *cx, int64_t id, int64_t version) MUST_USE;
/* Tells everybody concerned. RC_CONFLICT: too early, begun, or not approved. */
rc change_schedule(struct cx *cx, int64_t id, int64_t version) MUST_USE;
/* in: {why_ja, why_en}. */
rc change_cancel(struct cx *cx, int64_t id, const json_t *in) MUST_USE;
rc change_finish(struct cx *cx, int64_t id) MUST_USE;

/* Of the contract entered: {upcoming: [{id, version, kind, kind_title, impact, emergency, title, text, effect, from_at, to_at, window, month, day, weekday: for people,
 * state scheduled | revised | done | cancelled, running, ahead, why, told_at, confirmed: [{account, at}], mine}] soonest first, past: [the same] newest first,
 * next: id | null}. before 0: past from the newest. */
rc change_mine(struct cx *cx, int64_t before, int limit, json_t **ret) MUST_USE;
/* {change}. RC_UNKNOWN. */
rc change_mine_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* For the contract, by a person who manages its accounts. RC_STALE: it was told anew. RC_CONFLICT: confirmed by the same person, or over. */
rc change_confirm(struct cx *cx, int64_t id, int64_t version) MUST_USE;

/* Chore (gate/runner.h): contracts that came later, and reminders. told: {change, about told | reminded, title}. */
rc change_sweep(struct cx *cx) MUST_USE;
rc change_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
rc change_tell(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

/* From when to when, for people: "2026年12月6日(日) 02:00〜05:00". */
str change_window(struct cx *cx, enum lang lang, msec from, msec to);

#endif
