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
/* What the builder can show: groups (two levels) of item conditions. Anything else is kept as it is and shown as text. */
const plain = (node) => typeof node?.item === 'string' && typeof node?.op === 'string';

export function conditions(form) {
        const area = form.querySelector('textarea[name="condition"]');
        const host = form.querySelector('[data-rows]');
        const raw = form.querySelector('[data-raw]');
        const text = form.dataset;
        const items = new Map();
        for (const option of document.querySelectorAll('template#items')[0].content.querySelectorAll('option[data-type]'))
                items.set(option.value, { title: option.textContent.trim(), type: option.dataset.type, masked: option.hasAttribute('data-masked') });
        const choices = (name) => [...document.querySelector('template#items').content.querySelectorAll(`optgroup[label="${CSS.escape(name)}"] option`)]
                .map((option) => ({ value: option.value, title: option.textContent.trim() }));
        const ops = [...document.querySelector('template#ops').content.querySelectorAll('option')]
                .map((option) => ({ name: option.value, types: option.dataset.types.split(' '), arity: option.dataset.arity, input: option.dataset.input, title: option.textContent.trim() }));
        const fitting = (type) => ops.filter((op) => op.types.includes(type));
        const usable = [...items.entries()].filter(([, item]) => !item.masked);
        if (!usable.length)
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
        const fresh = () => {
                const [name, item] = usable[0];
                return { item: name, op: usual(item.type), value: '' };
        };

        function value(node, row) {
                const item = items.get(node.item);
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
                const list = choices(node.item);
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
                        if (plain(child) && items.has(child.item) && !items.get(child.item).masked && fitting(items.get(child.item).type).some((op) => op.name === child.op)) {
                                box.append(row(child, list));
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

        function row(node, list) {
                const box = h('div', { class: 'cond' });
                const item = h('select', { 'aria-label': text.item }, ...usable.map(([name, it]) => h('option', { value: name }, it.title)));
                item.value = node.item;
                const op = h('select', { 'aria-label': text.op }, ...fitting(items.get(node.item).type).map((o) => h('option', { value: o.name }, o.title)));
                op.value = node.op;
                item.addEventListener('change', () => {
                        node.item = item.value;
                        node.op = usual(items.get(node.item).type);
                        node.value = '';
                        const next = row(node, list);
                        box.replaceWith(next);
                        next.querySelector('select').focus();
                });
                op.addEventListener('change', () => {
                        node.op = op.value;
                        const next = row(node, list);
                        box.replaceWith(next);
                        next.querySelectorAll('select')[1].focus();
                });
                const remove = button(text.remove, 'x');
                remove.addEventListener('click', () => {
                        list.splice(list.indexOf(node), 1);
                        draw('button');
                });
                box.append(item, op, value(node, box), remove);
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
                area.disabled = empty;
        }, true);
}
