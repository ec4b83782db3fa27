/* conditions.js - the condition builder: a visual form of the JSON condition (doc/conditions.md). The textarea stays the truth: it is read when the page
 * opens and written when the form is sent, so that the page works without this file and nothing the builder cannot show is lost.
 * What it knows about items and operators stands in two <template>s of records.html:
 *   #items: <option value=NAME data-type=TYPE data-masked>TITLE, choices as <optgroup label=NAME><option value>…
 *   #ops:   <option value=OP data-types="text kana …" data-arity=0|1|2|n data-input=number|text|>TEXT */
const h = (name, attributes = {}, ...children) => {
        const node = document.createElement(name);
        for (const [key, value] of Object.entries(attributes)) {
                if (value === undefined || value === null || value === false)
                        continue;
                if (key in node && typeof value !== 'string')
                        node[key] = value;
                else
                        node.setAttribute(key, value === true ? '' : value);
        }
        node.append(...children.filter((child) => child !== null && child !== undefined));
        return node;
};

const KINDS = ['all', 'any', 'none'];
const kindOf = (node) => KINDS.find((kind) => Array.isArray(node?.[kind]));
/* What the builder can show: groups (two levels) of conditions over items, segments, and histories with conditions over theirs. Anything else is kept as it is and
 * shown as text. */
const plain = (node) => typeof node?.item === 'string' && typeof node?.op === 'string';
const only = (node, ...names) => Object.keys(node).every((name) => names.includes(name));
/* How many entries: what people choose, and the sign it is in JSON. */
const AMOUNTS = { some: null, noneOf: '=', atLeast: '>=', atMost: '<=', exactly: '=' };

export function conditions(form) {
        const area = form.querySelector('textarea[name="condition"]');
        const host = form.querySelector('[data-rows]');
        const raw = form.querySelector('[data-raw]');
        const text = form.dataset;
        const pairs = (root, selector) => [...root.querySelectorAll(selector)].map((option) => ({ value: option.value, title: option.textContent.trim() }));
        /* What can be asked of one register. */
        const scopeOf = (template) => {
                const items = new Map();
                for (const option of template.content.querySelectorAll('option[data-type]'))
                        items.set(option.value, { title: option.textContent.trim(), type: option.dataset.type, masked: option.hasAttribute('data-masked') });
                return {
                        items,
                        usable: [...items.entries()].filter(([, item]) => !item.masked),
                        choices: (name) => pairs(template.content, `optgroup[label="${CSS.escape(name)}"] option`),
                };
        };
        const whole = scopeOf(document.querySelector('template#items'));
        const histories = new Map([...document.querySelectorAll('template[data-history]')].map((one) => [one.dataset.history, { title: one.dataset.title, ...scopeOf(one) }]));
        const saved = pairs(document.querySelector('template#saved').content, 'option');
        const ops = [...document.querySelector('template#ops').content.querySelectorAll('option')]
                .map((option) => ({ name: option.value, types: option.dataset.types.split(' '), arity: option.dataset.arity, input: option.dataset.input, title: option.textContent.trim() }));
        const fitting = (type) => ops.filter((op) => op.types.includes(type));
        if (!whole.usable.length)
                return;

        let tree;
        try {
                tree = area.value.trim() ? JSON.parse(area.value) : { all: [] };
        } catch {
                return;                                 /* not readable: the text field and the server's sentence speak */
        }
        if (!kindOf(tree))
                tree = { all: [tree] };

        const button = (name, icon, attributes) => {
                const node = h('button', { type: 'button', class: 'quiet icon', 'aria-label': name, title: name, ...attributes });
                node.append(document.querySelector(`template#icon-${icon}`).content.cloneNode(true));
                return node;
        };

        /* What people mean most often: one of several choices; a part of a text; otherwise the first operator that fits. */
        const usual = (type) => {
                const wanted = { choice: 'in', choices: 'has_any', account: 'is_me', computed: 'contains', text: 'contains', kana: 'contains', email: 'contains', telephone: 'contains', url: 'contains', date: 'between', datetime: 'between', integer: 'ge', decimal: 'ge' }[type];
                const fit = fitting(type);
                return (fit.find((op) => op.name === wanted) || fit[0]).name;
        };
        const fresh = (scope = whole) => {
                const [name, item] = scope.usable[0];
                return { item: name, op: usual(item.type), value: '' };
        };

        const asks = (child, scope) => plain(child) && scope.items.has(child.item) && !scope.items.get(child.item).masked &&
                fitting(scope.items.get(child.item).type).some((op) => op.name === child.op);
        const asksSaved = (child) => only(child, 'segment') && saved.some((one) => one.value === String(child.segment));
        function asksHistory(child) {
                const one = child.history;
                if (!only(child, 'history') || !one || !histories.has(one.register) || !only(one, 'register', 'has', 'count', 'within_days', 'on'))
                        return false;
                return (one.has ?? []).every((each) => asks(each, histories.get(one.register))) && (!one.count || Object.keys(one.count).length === 1);
        }

        function value(node, scope) {
                const item = scope.items.get(node.item);
                const op = ops.find((candidate) => candidate.name === node.op);
                const label = `${item.title} ${text.value}`;
                const kind = op.input || { integer: 'number', date: 'date', datetime: 'date' }[item.type] || 'text';
                const cast = (v) => (kind === 'number' && v !== '' && Number.isSafeInteger(Number(v)) ? Number(v) : v);
                const input = (get, set, suffix = '') => {
                        const field = h('input', { type: kind, 'aria-label': label + suffix, value: get() === undefined || get() === null ? '' : String(get()) });
                        field.addEventListener('input', () => set(cast(field.value)));
                        return field;
                };
                if (op.arity === '0')
                        return h('span');
                if (item.type === 'boolean' && !op.input) {
                        const field = h('select', { 'aria-label': label }, h('option', { value: 'true' }, text.yes), h('option', { value: 'false' }, text.no));
                        if (typeof node.value !== 'boolean')
                                node.value = true;
                        field.value = String(node.value);
                        field.addEventListener('change', () => { node.value = field.value === 'true'; });
                        return field;
                }
                if (op.arity === '2') {
                        if (!Array.isArray(node.value))
                                node.value = [node.value || '', ''];
                        return h('div', { class: 'two' },
                                input(() => node.value[0], (v) => { node.value[0] = v; }, ` ${text.from}`), '–',
                                input(() => node.value[1], (v) => { node.value[1] = v; }, ` ${text.to}`));
                }
                const list = scope.choices(node.item);
                if (op.arity === 'n') {
                        if (!Array.isArray(node.value))
                                node.value = node.value === '' || node.value === undefined ? [] : [node.value];
                        if (list.length) {
                                const picks = h('div', { class: 'picks', role: 'group', 'aria-label': label });
                                for (const choice of list) {
                                        const box = h('input', { type: 'checkbox', value: choice.value });
                                        box.checked = node.value.includes(choice.value);
                                        box.addEventListener('change', () => {
                                                node.value = list.map((c) => c.value).filter((v) => (v === choice.value ? box.checked : node.value.includes(v)));
                                        });
                                        picks.append(h('label', { class: 'check' }, box, choice.title));
                                }
                                return picks;
                        }
                        const field = h('input', { type: 'text', 'aria-label': label, value: node.value.join(', '), placeholder: text.several });
                        field.addEventListener('input', () => { node.value = field.value.split(/[,、，]/).map((v) => cast(v.trim())).filter((v) => v !== ''); });
                        return field;
                }
                if (Array.isArray(node.value))
                        node.value = node.value[0] ?? '';
                if (list.length && !op.input) {
                        const field = h('select', { 'aria-label': label }, h('option', { value: '' }, ''),
                                ...list.map((choice) => h('option', { value: choice.value }, choice.title)));
                        if (!list.some((choice) => choice.value === node.value))
                                node.value = '';
                        field.value = node.value;
                        field.addEventListener('change', () => { node.value = field.value; });
                        return field;
                }
                return input(() => node.value, (v) => { node.value = v; });
        }

        function draw(focus) {
                host.replaceChildren(group(tree, 0, null));
                if (focus)
                        host.querySelector(focus)?.focus();
        }

        function group(node, depth, parent) {
                const kind = kindOf(node);
                const list = node[kind];
                const select = h('select', { 'aria-label': text.how }, ...KINDS.map((k) => h('option', { value: k }, text[k])));
                select.value = kind;
                select.addEventListener('change', () => {
                        node[select.value] = list;
                        delete node[kind];
                        draw();
                });
                const box = h('div', { class: 'group', role: 'group', 'aria-label': text[kind] });
                const head = h('div', { class: 'row' }, select);
                if (parent) {
                        const remove = button(text.remove, 'x');
                        remove.addEventListener('click', () => {
                                parent.splice(parent.indexOf(node), 1);
                                draw();
                        });
                        head.append(remove);
                }
                box.append(head);
                for (const child of list) {
                        if (asks(child, whole)) {
                                box.append(row(child, list, whole));
                        } else if (asksSaved(child)) {
                                box.append(savedRow(child, list));
                        } else if (asksHistory(child)) {
                                box.append(historyRow(child, list));
                        } else if (kindOf(child) && depth < 1) {
                                box.append(group(child, depth + 1, list));
                        } else {
                                const remove = button(text.remove, 'x');
                                remove.addEventListener('click', () => {
                                        list.splice(list.indexOf(child), 1);
                                        draw();
                                });
                                box.append(h('div', { class: 'row' }, h('code', {}, JSON.stringify(child)), remove));
                        }
                }
                const add = h('button', { type: 'button', class: 'quiet' }, `+ ${text.add}`);
                add.addEventListener('click', () => {
                        const child = fresh();
                        list.push(child);
                        draw();
                        const rows = host.querySelectorAll('.cond');
                        rows[rows.length - 1]?.querySelector('select')?.focus();
                });
                const foot = h('div', { class: 'row' }, add);
                if (depth < 1) {
                        const nest = h('button', { type: 'button', class: 'quiet' }, `+ ${text.nest}`);
                        nest.addEventListener('click', () => {
                                list.push({ [kind === 'any' ? 'all' : 'any']: [fresh()] });
                                draw();
                        });
                        foot.append(nest);
                }
                box.append(foot);
                return box;
        }

        const remover = (node, list) => {
                const remove = button(text.remove, 'x');
                remove.addEventListener('click', () => {
                        list.splice(list.indexOf(node), 1);
                        draw('button');
                });
                return remove;
        };

        /* What a row asks about: an item; in the register itself also a segment or a history. */
        function subject(node, scope, redrawn) {
                const select = h('select', { 'aria-label': text.item }, ...scope.usable.map(([name, it]) => h('option', { value: name }, it.title)));
                if (scope === whole && histories.size)
                        select.append(...[...histories].map(([name, one]) => h('option', { value: `#${name}` }, one.title)));
                if (scope === whole && saved.length)
                        select.append(h('option', { value: '#' }, text.saved));
                select.value = node.history ? `#${node.history.register}` : node.segment ? '#' : node.item;
                select.addEventListener('change', () => {
                        for (const name of Object.keys(node))
                                delete node[name];
                        if (select.value === '#')
                                node.segment = Number(saved[0].value);
                        else if (select.value.startsWith('#'))
                                node.history = { register: select.value.slice(1) };
                        else
                                Object.assign(node, { item: select.value, op: usual(scope.items.get(select.value).type), value: '' });
                        redrawn();
                });
                return select;
        }

        /* Drawn anew in its place; the same field has the focus again. */
        function again(box, make, at) {
                const next = make();
                box.replaceWith(next);
                next.querySelectorAll('select')[at]?.focus();
        }
        const anyRow = (node, list) => (node.history ? historyRow(node, list) : node.segment ? savedRow(node, list) : row(node, list, whole));

        function savedRow(node, list) {
                const box = h('div', { class: 'cond' });
                const which = h('select', { 'aria-label': text.saved, translate: 'no' }, ...saved.map((one) => h('option', { value: one.value }, one.title)));
                which.value = String(node.segment);
                which.addEventListener('change', () => { node.segment = Number(which.value); });
                box.append(subject(node, whole, () => again(box, () => anyRow(node, list), 0)), which, h('span', { class: 'said' }, text.savedIs), remover(node, list));
                return box;
        }

        const number = (label, get, set, min) => {
                const field = h('input', { type: 'number', min: String(min), 'aria-label': label, value: String(get()), class: 'few' });
                field.addEventListener('input', () => {
                        if (field.value !== '' && Number.isSafeInteger(Number(field.value)))
                                set(Number(field.value));
                });
                return field;
        };

        /* 購入履歴 が次の件数以上 [2] 件 過去 [90] 日以内, and below what its entries must be. */
        function historyRow(node, list) {
                const one = node.history, scope = histories.get(one.register);
                const sign = one.count ? Object.keys(one.count)[0] : null;
                const chosen = Object.keys(AMOUNTS).find((name) => AMOUNTS[name] === sign && (name !== 'noneOf' || one.count['='] === 0));
                const box = h('div', { class: 'past' });
                const redraw = (at) => again(box, () => anyRow(node, list), at);
                const amount = h('select', { 'aria-label': `${scope.title} ${text.amount}` }, ...Object.keys(AMOUNTS).map((name) => h('option', { value: name }, text[name])));
                amount.value = chosen;
                amount.addEventListener('change', () => {
                        const name = amount.value;
                        if (name === 'some')
                                delete one.count;
                        else
                                one.count = { [AMOUNTS[name]]: name === 'noneOf' ? 0 : Math.max(Object.values(one.count ?? {})[0] ?? 0, 1) };
                        redraw(1);
                });
                const when = h('select', { 'aria-label': `${scope.title} ${text.period}` }, h('option', { value: '' }, text.whenever), h('option', { value: 'within' }, text.within));
                when.value = one.within_days ? 'within' : '';
                when.addEventListener('change', () => {
                        if (when.value)
                                one.within_days = 90;
                        else
                                ['within_days', 'on'].forEach((name) => delete one[name]);
                        redraw(2);
                });
                const how = h('div', { class: 'row' }, amount);
                if (chosen !== 'some' && chosen !== 'noneOf')
                        how.append(number(`${scope.title} ${text.entries}`, () => one.count[sign], (n) => { one.count[sign] = n; }, 0), text.entries);
                how.append(when);
                if (one.within_days)
                        how.append(number(`${scope.title} ${text.days}`, () => one.within_days, (n) => { one.within_days = n; }, 1), text.days);
                box.append(h('div', { class: 'cond' }, subject(node, whole, () => redraw(0)), how, remover(node, list)));
                const inside = h('div', { class: 'group', role: 'group', 'aria-label': scope.title });
                one.has ??= [];
                for (const each of one.has)
                        inside.append(row(each, one.has, scope));
                const add = h('button', { type: 'button', class: 'quiet' }, `+ ${text.where}`);
                add.addEventListener('click', () => {
                        one.has.push(fresh(scope));
                        const next = historyRow(node, list);
                        box.replaceWith(next);
                        const rows = next.querySelectorAll('.group .cond');
                        rows[rows.length - 1].querySelector('select').focus();
                });
                inside.append(h('div', { class: 'row' }, add));
                box.append(inside);
                return box;
        }

        function row(node, list, scope) {
                const box = h('div', { class: 'cond' });
                const redraw = (at) => again(box, () => (scope === whole ? anyRow(node, list) : row(node, list, scope)), at);
                const item = subject(node, scope, () => redraw(0));
                const op = h('select', { 'aria-label': text.op }, ...fitting(scope.items.get(node.item).type).map((o) => h('option', { value: o.name }, o.title)));
                op.value = node.op;
                op.addEventListener('change', () => {
                        node.op = op.value;
                        redraw(1);
                });
                box.append(item, op, value(node, scope), remover(node, list));
                return box;
        }

        /* A row whose value nobody has filled in yet asks nothing. */
        function unfinished(node) {
                const op = ops.find((candidate) => candidate.name === node.op);
                return op && op.arity !== '0' && (node.value === '' || node.value === undefined || (Array.isArray(node.value) && node.value.every((v) => v === '')));
        }

        function clean(node) {
                const kind = kindOf(node);
                if (kind)
                        return { [kind]: node[kind].map(clean).filter((child) => (kindOf(child) ? child[kindOf(child)].length : !unfinished(child))) };
                if (node.history)
                        return { history: { ...node.history, has: (node.history.has ?? []).filter((child) => !unfinished(child)).map(clean) } };
                const op = ops.find((candidate) => candidate.name === node.op);
                if (op?.arity === '0') {
                        const { value: dropped, ...rest } = node;
                        return rest;
                }
                return node;
        }

        if (!tree[kindOf(tree)].length)
                tree[kindOf(tree)].push(fresh());
        raw.open = false;
        host.hidden = false;
        draw();
        let shown = false;                              /* closing it just now also comes as an event */
        raw.addEventListener('toggle', () => {
                if (raw.open === shown)
                        return;
                shown = raw.open;
                if (raw.open)
                        area.value = JSON.stringify(clean(tree), null, 2);
                host.hidden = raw.open;
                if (!raw.open) {
                        try {
                                const read = JSON.parse(area.value || '{"all":[]}');
                                tree = kindOf(read) ? read : { all: [read] };
                                draw();
                        } catch {
                                raw.open = true;
                        }
                }
        });
        /* before anybody else hears of it: what is sent is what the rows say */
        form.addEventListener('submit', () => {
                if (raw.open)
                        return;
                const result = clean(tree);
                const empty = !result[kindOf(result)].length;
                area.value = empty ? '' : JSON.stringify(result);
                area.disabled = empty && form.method === 'get';
        }, true);
}
