/* keyboard.js - shortcuts of the console; the list people see is in layout.html (dialog #keys). */

const one = (selector) => document.querySelector(selector);

function typing(element) {
        return element.closest('input, select, textarea, [contenteditable]') && !element.matches('[type="checkbox"], [type="radio"], [type="submit"]');
}

/* Pages of lines to decide about (data-line): j/k go from one to the next, a letter presses its button, and after a decision the next open one waits. */
const lines = () => [...document.querySelectorAll('[data-line]')].filter((line) => line.offsetParent);
const choices = { a: 'keep', x: 'remove', u: 'undo' };

function line_choose(key) {
        const line = document.activeElement.closest?.('[data-line]');
        const part = line?.querySelector(`[data-line-key="${CSS.escape(key)}"]`) ?? line?.querySelector(`button[value="${choices[key]}"]`);
        part?.matches('input') ? part.focus() : part?.click();
}

function line_follow() {
        let last = '';
        document.addEventListener('htmx:beforeRequest', (event) => {
                last = event.target.closest?.('[data-line]')?.id ?? '';
        });
        document.addEventListener('htmx:afterSettle', () => {
                const all = lines();
                const at = all.findIndex((line) => line.id === last);
                if (at >= 0)
                        (all.slice(at).find((line) => 'undecided' in line.dataset) ?? all[at]).focus();
                last = '';
        });
}

function move(step) {
        const all = lines();
        if (all.length) {
                const here = all.indexOf(document.activeElement.closest?.('[data-line]'));
                all[Math.max(0, Math.min(all.length - 1, here < 0 ? 0 : here + step))].focus();
                return;
        }
        const links = [...document.querySelectorAll('.rows tbody tr a[href]:first-of-type')].filter((a) => a.closest('th, td') && a.offsetParent);
        const rows = links.filter((a, i) => i === 0 || links[i - 1].closest('tr') !== a.closest('tr'));
        if (!rows.length)
                return;
        const row = document.activeElement.closest?.('tr');
        const at = row ? rows.findIndex((a) => a.closest('tr') === row) : -1;
        rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + step))].focus();
}

export function keyboard() {
        let first = '';
        let timer;
        line_follow();
        document.addEventListener('keydown', (event) => {
                if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target) || one('dialog[open]'))
                        return;
                const key = event.key;
                const go = (selector) => {
                        const target = one(selector);
                        if (!target)
                                return;
                        event.preventDefault();
                        target.click();
                };
                if (first === 'g') {
                        first = '';
                        go(`[data-go-key="${CSS.escape(key)}"]`);
                        return;
                }
                switch (key) {
                case '/': {
                        const search = one('#search');
                        if (search) {
                                event.preventDefault();
                                search.focus();
                                search.select();
                        }
                        break;
                }
                case 'g':
                        first = 'g';
                        clearTimeout(timer);
                        timer = setTimeout(() => { first = ''; }, 1200);
                        break;
                case '?':
                        event.preventDefault();
                        one('#keys')?.showModal();
                        break;
                case 'j': move(1); break;
                case 'k': move(-1); break;
                case 'n': go('[data-key="n"]'); break;
                case 'e': go('[data-key="e"]'); break;
                case 'i': go('[data-key="i"]'); break;
                case 'a': case 'x': case 'u': line_choose(key); break;
                case '1': case '2':
                        if (document.activeElement.closest?.('[data-line]'))
                                event.preventDefault();
                        line_choose(key);
                        break;
                case 'f': go('[data-key="f"]'); break;
                default:
                }
        });
}
