/* postal.js - a postal code fills the items of an address: by itself when it is whole, or by its button. Where it stands for several towns, one is chosen; what
 * somebody typed is written over only when they say so. Without this script the house fills what is empty when the form is sent. */

const WAIT = 200;
const digits = (text) => text.normalize('NFKC').replace(/[^0-9]/g, '');

export function postal(input) {
        const box = input.closest('.field').querySelector('[data-fills]');
        const button = box.querySelector('button');
        const said = box.querySelector('[data-said]');
        const fills = JSON.parse(box.dataset.fills);
        const field = (part) => input.form.elements.namedItem(fills[part]);
        const parts = Object.keys(fills).filter(field);
        const ours = new Map();
        let timer;
        let turn = 0;
        let last = digits(input.value);

        input.form.elements.namedItem(`_was_${input.name}`)?.remove();
        button.hidden = false;

        const whole = (address) => address.prefecture + address.city + address.town;
        const value = (part, address) => part !== 'address' ? address[part] : ['prefecture', 'city', 'town'].filter((one) => !fills[one]).map((one) => address[one]).join('');
        const holds = (part, text) => field(part).tagName !== 'SELECT' || [...field(part).options].some((option) => option.value === text);
        const free = () => parts.every((part) => field(part).value.trim() === '' || field(part).value === ours.get(part));
        const same = (address) => parts.every((part) => field(part).value.trim().startsWith(value(part, address)));
        const say = (...nodes) => said.replaceChildren(...nodes);
        const sentence = (text) => {
                const node = document.createElement('p');
                node.className = 'help';
                node.textContent = text;
                return node;
        };
        const take = (address, move) => {
                for (const part of parts) {
                        const text = value(part, address);
                        if (!holds(part, text))
                                continue;
                        field(part).value = text;
                        ours.set(part, text);
                        field(part).dispatchEvent(new Event('change', { bubbles: true }));
                }
                say(sentence(box.dataset.filled.replace('%s', whole(address))));
                if (!move)
                        return;
                const at = field(parts[parts.length - 1]);
                at.focus();
                if (at.setSelectionRange)
                        at.setSelectionRange(at.value.length, at.value.length);
        };
        const choice = (address, text) => {
                const node = document.createElement('button');
                node.type = 'button';
                node.textContent = text;
                node.addEventListener('click', () => take(address, true));
                return node;
        };
        const offer = ({ addresses, data }) => {
                if (!addresses.length)
                        say(sentence(data ? box.dataset.none : box.dataset.noData));
                else if (addresses.length === 1 && free())
                        take(addresses[0], false);
                else if (addresses.length === 1 && same(addresses[0]))
                        say(sentence(box.dataset.same));
                else if (addresses.length === 1)
                        say(sentence(box.dataset.ask.replace('%s', whole(addresses[0]))), choice(addresses[0], box.dataset.replace));
                else {
                        const list = document.createElement('ul');
                        list.className = 'plain';
                        list.append(...addresses.map((address) => {
                                const one = document.createElement('li');
                                one.append(choice(address, whole(address)));
                                return one;
                        }));
                        list.setAttribute('translate', 'no');
                        say(sentence(free() ? box.dataset.choose : box.dataset.chooseOver), list);
                }
        };
        const ask = async (code) => {
                const mine = ++turn;
                last = code;
                try {
                        const answer = await fetch(`/api/v1/postal/${code}`, { headers: { Accept: 'application/json' } });
                        if (!answer.ok)
                                throw new Error();
                        const found = await answer.json();
                        if (mine === turn)
                                offer(found);
                } catch {
                        if (mine === turn)
                                say(sentence(box.dataset.failed));
                }
        };
        const typed = () => {
                const code = digits(input.value);
                clearTimeout(timer);
                turn += 1;
                if (code === last)
                        return;
                last = '';
                say();
                if (code.length === 7)
                        timer = setTimeout(() => ask(code), WAIT);
        };
        input.addEventListener('input', (event) => event.isComposing || typed());
        input.addEventListener('compositionend', typed);
        button.addEventListener('click', () => {
                const code = digits(input.value);
                clearTimeout(timer);
                if (code.length === 7)
                        ask(code);
                else
                        say(sentence(box.dataset.short));
        });
}
