/* app.js - the niceties of the console. Every page works without it; here is what makes a day's work faster: partial updates (htmx), keyboard,
 * toasts, confirmation dialogs, the condition builder, upload progress. No inline code, no eval: the content security policy holds. */
import htmx from 'htmx.org';
import { conditions } from './conditions.js';
import { keyboard } from './keyboard.js';
import { passkeys } from './passkey.js';
import { proving, remember } from './prove.js';
import { lock } from './lock.js';
import { picker } from './picker.js';
import { postal } from './postal.js';
import { strength } from './strength.js';
import { upload } from './upload.js';

Object.assign(htmx.config, {
        allowEval: false, allowScriptTags: false, includeIndicatorStyles: false, selfRequestsOnly: true, historyCacheSize: 0, scrollIntoViewOnBoost: false,
        responseHandling: [
                { code: '204', swap: false },
                { code: '[23]..', swap: true },
                { code: '[45]..', swap: true, error: true, target: '#problems', swapOverride: 'innerHTML', select: 'unset' },
        ],
});

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/* Toasts: rendered by the server after a redirect (?done=…) or made here. Errors never come as toasts. */
export function toast(text) {
        const node = one('#toast').content.firstElementChild.cloneNode(true);
        one('span', node).textContent = text;
        one('#toasts').append(node);
        settle(node);
}

function settle(node) {
        one('button', node)?.addEventListener('click', () => node.remove());
        setTimeout(() => node.remove(), 7000);
}

/* Problems of a form: the summary gets the focus, each field its sentence. */
function problems(root) {
        const proof = root.closest?.('#prove form');
        for (const old of all('.wrong[data-live]'))
                old.remove();
        for (const field of all('[aria-invalid="true"][data-live-invalid]')) {
                field.removeAttribute('aria-invalid');
                field.removeAttribute('data-live-invalid');
        }
        for (const link of all('a[data-item]', root)) {
                const name = link.dataset.item;
                const field = proof ? proof.elements.namedItem(name) : document.getElementById(`f-${name}`) || one(`[name="${CSS.escape(name)}"]:not([type="hidden"])`);
                if (!field) {
                        link.replaceWith(...link.childNodes);
                        continue;
                }
                if (!field.id)
                        field.id = `f-${name}`;
                link.href = `#${field.id}`;
                link.addEventListener('click', (event) => {
                        event.preventDefault();
                        field.focus();
                });
                for (let box = field.closest('details:not([open])'); box; box = box.parentElement.closest('details:not([open])'))
                        box.open = true;
                field.setAttribute('aria-invalid', 'true');
                field.dataset.liveInvalid = '';
                const label = (one(`label[for="${CSS.escape(field.id)}"]`) || document.getElementById(field.getAttribute('aria-labelledby')))?.firstChild?.textContent.trim();
                if (label && link.textContent === link.dataset.detail)
                        link.prepend(`${label}: `);
                const sentence = document.createElement('p');
                sentence.className = 'wrong';
                sentence.dataset.live = '';
                sentence.id = `w-${name}`;
                sentence.textContent = link.dataset.detail || link.textContent;
                field.setAttribute('aria-describedby', sentence.id);
                const box = field.closest('.field') || field.closest('label')?.parentElement || field.parentElement;
                one('.strength', box)?.setAttribute('hidden', '');
                if (field.closest('.field') || !field.closest('label'))
                        box.append(sentence);
                else
                        field.closest('label').after(sentence);
        }
        stale(root);
        const box = one('[data-problems]', root);
        if (box && proof && one('a[data-item]', box)) {         /* one field: the sentence at it is enough to see */
                box.classList.add('sr');
                one('[aria-invalid]', proof).focus();
        } else if (box) {
                box.setAttribute('tabindex', '-1');
                box.focus();
                box.scrollIntoView({ block: 'nearest' });
        }
}

/* Somebody was quicker: under each field that differs stands what is there now; saving again means this version. */
function stale(root) {
        const current = one('[data-current]', root);
        if (!current)
                return;
        const version = one('main form input[name="version"]');
        if (version)
                version.value = current.dataset.current;
        for (const now of all('[data-item]', current)) {
                const field = document.getElementById(`f-${now.dataset.item}`);
                const mine = field?.classList.contains('ticks') ? all('input:checked', field).map((box) => box.value).join('; ') : field?.type === 'checkbox' ? (field.checked ? 't' : 'f') : field?.value;
                if (!field || mine === now.dataset.value)
                        continue;
                const sentence = one('#now', root).content.firstElementChild.cloneNode(true);
                sentence.querySelector('b').textContent = now.querySelector('dd').textContent;
                field.closest('.field').append(sentence);
        }
}

/* A dialog instead of confirm(): <button data-confirm="sentence"> */
function confirming(event) {
        const button = event.target.closest?.('[data-confirm]');
        if (!button || button.dataset.confirmed)
                return;
        event.preventDefault();
        event.stopImmediatePropagation();
        const dialog = one('#confirm');
        one('[data-text]', dialog).textContent = button.dataset.confirm;
        one('[data-go]', dialog).textContent = button.dataset.confirmGo || button.textContent.trim();
        dialog.returnValue = '';
        dialog.showModal();
        dialog.addEventListener('close', () => {
                if (dialog.returnValue !== 'go')
                        return;
                button.dataset.confirmed = '1';
                button.click();
                delete button.dataset.confirmed;
        }, { once: true });
}

/* Typed confirmation: the button wakes up when the word is right. */
function typed(form) {
        const input = one('[data-word]', form);
        const button = one('button[type="submit"]', form);
        const check = () => {
                if (input.value !== input.dataset.word && input.value.trim().normalize('NFKC') === input.dataset.word)
                        input.value = input.dataset.word;       /* full-width digits mean the same number */
                button.disabled = input.value.trim() !== input.dataset.word;
        };
        input.addEventListener('input', check);
        check();
}

async function copy(button) {
        const source = document.getElementById(button.dataset.copy);
        try {
                await navigator.clipboard.writeText(source.value ?? source.textContent);
                toast(button.dataset.done);
        } catch {
                source.select?.();
        }
}

document.addEventListener('click', confirming, true);
document.addEventListener('click', (event) => {
        const target = event.target;
        for (const menu of all('details.menu[open]'))
                if (!menu.contains(target))
                        menu.open = false;
        if (target.closest('[data-copy]'))
                copy(target.closest('[data-copy]'));
        if (target.closest('[data-open]'))
                document.getElementById(target.closest('[data-open]').dataset.open).showModal();
        if (target.closest('[data-close]'))
                target.closest('dialog').close();
        if (target.closest('[data-print]'))
                window.print();
        const burger = target.closest('[data-burger]');
        if (burger) {
                event.preventDefault();
                const open = one('.frame').classList.toggle('open');
                burger.setAttribute('aria-expanded', String(open));
                if (open)
                        one('.side a').focus();
        } else if (!target.closest('.side')) {
                shut();
        }
        /* a click anywhere in a row opens it, unless it was meant for something inside or for selecting text */
        const row = target.closest('.rows tbody tr');
        if (row && !target.closest('a, button, input, label, summary') && !String(window.getSelection())) {
                const link = one('a[href]', row);
                if (event.metaKey || event.ctrlKey)
                        window.open(link.href);
                else
                        link?.click();
        }
});

function shut() {
        const frame = one('.frame.open');
        frame?.classList.remove('open');
        if (frame)
                one('[data-burger]').setAttribute('aria-expanded', 'false');
}

document.addEventListener('keydown', (event) => {
        if (event.key !== 'Escape')
                return;
        shut();
        for (const menu of all('details.menu[open]')) {
                menu.open = false;
                one('summary', menu).focus();
        }
});

/* The theme switch shows at once; the form stores it with the account. */
document.addEventListener('change', (event) => {
        if (event.target.name === 'theme')
                document.documentElement.dataset.theme = event.target.value;
        if (event.target.matches('[data-submit]'))
                event.target.form.requestSubmit();
        if (event.target.matches('[data-choose-all]'))
                for (const box of all('tbody input[type="checkbox"]', event.target.form))
                        box.checked = event.target.checked;
});

/* Column choice stays with the browser, one list a register. */
function columns(table) {
        const key = `columns:${table.dataset.columns}`;
        const boxes = all('[data-column]');
        const show = () => {
                for (const box of boxes)
                        for (const cell of all(`[data-c="${CSS.escape(box.dataset.column)}"]`, table))
                                cell.hidden = !box.checked;
        };
        try {
                const off = JSON.parse(localStorage.getItem(key) || '[]');
                for (const box of boxes)
                        box.checked = !off.includes(box.dataset.column);
        } catch { /* storage switched off: the choice lasts as long as the page */ }
        for (const box of boxes)
                box.addEventListener('change', () => {
                        try {
                                localStorage.setItem(key, JSON.stringify(boxes.filter((b) => !b.checked).map((b) => b.dataset.column)));
                        } catch { /* as above */ }
                        show();
                });
        show();
}

/* "もっと見る" puts the next page below instead of replacing this one; the address of the first page stays. */
function start(root) {
        for (const form of all('form[data-typed]', root))
                typed(form);
        for (const table of all('table[data-columns]', root))
                columns(table);
        for (const form of all('[data-builder]', root))
                conditions(form);
        for (const form of all('form[data-upload]', root))
                upload(form);
        for (const part of all('[data-passkey]', root))
                passkeys(part);
        for (const box of all('[data-strength]', root))
                strength(box);
        for (const input of all('input[data-picker]', root))
                picker(input);
        for (const input of all('input[data-postal]', root))
                postal(input);
        for (const box of all('[data-choose-all]', root))
                box.hidden = false;
}

document.addEventListener('htmx:load', (event) => {
        for (const part of all('[data-passkey]', event.detail.elt))
                passkeys(part);
});

document.addEventListener('htmx:afterSwap', (event) => {
        if (event.detail.target?.matches?.('#problems, #prove [data-wrong]'))
                problems(event.detail.target);
        const table = event.detail.target?.closest?.('table[data-columns]') || one('table[data-columns]');
        if (table)
                columns(table);
});
document.addEventListener('htmx:beforeRequest', (event) => {
        const problem = one('#problems');
        if (!event.detail.elt.matches('form') || event.detail.elt.closest('#prove'))
                return;
        remember(event.detail.elt, event.detail.requestConfig.triggeringEvent?.submitter);
        if (problem)
                problem.replaceChildren();
});
/* A second click, or Enter, while the first is on its way is none: nothing is made twice. */
const sent = new WeakSet();
document.addEventListener('submit', (event) => {
        if (!sent.has(event.target))
                return;
        event.preventDefault();
        event.stopImmediatePropagation();
}, true);
document.addEventListener('htmx:beforeSend', (event) => {
        if (event.detail.elt.matches('form[hx-post]'))
                sent.add(event.detail.elt);
});
document.addEventListener('htmx:afterRequest', (event) => sent.delete(event.detail.elt));

/* The network is gone or nginx answered with a page of its own: say so in words. */
document.addEventListener('htmx:sendError', (event) => {
        if (event.detail.elt.matches('form'))
                toast(document.body.dataset.offline);
});

document.documentElement.classList.add('js');
for (const node of all('.toast'))
        settle(node);
const address = new URL(location.href);
if (address.searchParams.has('done')) {
        address.searchParams.delete('done');
        history.replaceState(history.state, '', address);
}
start(document);
keyboard();
lock();
proving();
problems(document);
