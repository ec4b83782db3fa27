/* picker.js - a field that is filled from a look-up list: what is typed is searched for, the keys of the keyboard choose (the combobox of the ARIA practices).
 * Without this script the key of an entry is typed. */

const WAIT = 150;
let number = 0;

export function picker(input) {
        const box = document.createElement('div');
        const list = document.createElement('ul');
        const said = input.parentElement.querySelector('.picked');
        let timer;
        let asked = 0;
        let at = -1;

        list.id = `picker-${++number}`;
        list.className = 'picker';
        list.hidden = true;
        list.setAttribute('role', 'listbox');
        list.setAttribute('aria-label', document.querySelector(`label[for="${input.id}"]`)?.textContent ?? '');
        box.className = 'pick';
        input.replaceWith(box);
        box.append(input, list);
        for (const [name, value] of Object.entries({ role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': list.id }))
                input.setAttribute(name, value);

        const close = () => {
                clearTimeout(timer);
                asked += 1;
                list.hidden = true;
                at = -1;
                input.setAttribute('aria-expanded', 'false');
                input.removeAttribute('aria-activedescendant');
        };
        const mark = (to) => {
                const options = [...list.querySelectorAll('[role="option"]')];
                if (!options.length)
                        return;
                at = (to + options.length) % options.length;
                options.forEach((option, i) => option.setAttribute('aria-selected', String(i === at)));
                input.setAttribute('aria-activedescendant', options[at].id);
                options[at].scrollIntoView({ block: 'nearest' });
        };
        const take = (option) => {
                input.value = option.dataset.key;
                if (said)
                        said.textContent = option.dataset.heading;
                close();
        };
        const show = (choices) => {
                list.replaceChildren(...choices.map((choice, i) => {
                        const option = document.createElement('li');
                        const key = document.createElement('span');
                        option.id = `${list.id}-${i}`;
                        option.setAttribute('role', 'option');
                        option.setAttribute('aria-selected', 'false');
                        option.dataset.key = choice.key;
                        option.dataset.heading = choice.heading;
                        key.className = 'mono soft';
                        key.textContent = choice.key;
                        option.append(key, choice.heading);
                        option.addEventListener('pointerdown', (event) => {
                                event.preventDefault();
                                take(option);
                        });
                        return option;
                }));
                if (!choices.length) {
                        const none = document.createElement('li');
                        none.setAttribute('role', 'option');
                        none.setAttribute('aria-disabled', 'true');
                        none.className = 'soft';
                        none.textContent = input.dataset.none;
                        list.append(none);
                }
                at = -1;
                list.hidden = false;
                input.setAttribute('aria-expanded', 'true');
        };
        const ask = async () => {
                const turn = ++asked;
                try {
                        const answer = await fetch(`${input.dataset.picker}?q=${encodeURIComponent(input.value.trim())}`, { headers: { Accept: 'application/json' } });
                        const { choices } = answer.ok ? await answer.json() : { choices: [] };
                        if (turn === asked && document.activeElement === input)
                                show(choices);
                } catch { /* the key can be typed */ }
        };
        input.addEventListener('input', () => {
                if (said)
                        said.textContent = '';
                clearTimeout(timer);
                timer = setTimeout(ask, WAIT);
        });
        input.addEventListener('keydown', (event) => {
                const option = list.querySelector('[aria-selected="true"]');
                if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
                        event.preventDefault();
                        if (list.hidden)
                                ask();
                        else
                                mark(event.key === 'ArrowDown' ? at + 1 : Math.max(at, 0) - 1);
                } else if (event.key === 'Enter' && !list.hidden && option) {
                        event.preventDefault();
                        take(option);
                } else if (event.key === 'Escape' && !list.hidden) {
                        event.preventDefault();
                        event.stopPropagation();
                        close();
                }
        });
        input.addEventListener('click', () => list.hidden && ask());
        input.addEventListener('blur', close);
}
