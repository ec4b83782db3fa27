/* prove.js - "please prove once more who you are" stands among the problems of the page. What it answers stays there; when it is done, what was refused is done
 * again: the same form by the same button, or the same passkey. What was typed stays where it is. */
import htmx from 'htmx.org';

const one = (selector, root = document) => root.querySelector(selector);
let again = null;

/* A form is on its way: should it be refused, this is what is done again. The button is pressed, since it may carry a value; it has been confirmed before. */
export function remember(form, button) {
        again = () => {
                if (!button?.isConnected) {
                        if (form.isConnected)
                                form.requestSubmit();
                        return;
                }
                button.dataset.confirmed = '1';
                button.click();
                delete button.dataset.confirmed;
        };
}

/* Something else than a form was refused: ask here, then do it again. */
export function prove(next) {
        again = next;
        htmx.ajax('GET', '/me/prove', { target: '#problems', select: '#prove', swap: 'innerHTML' });
}

export function proving() {
        document.addEventListener('htmx:beforeSwap', (event) => {
                const wrong = event.detail.elt.closest?.('#prove') && one('#prove [data-wrong]');
                if (wrong && event.detail.isError)
                        event.detail.target = wrong;
        });
        document.addEventListener('htmx:load', (event) => {
                const part = event.detail.elt;
                if (!part.matches?.('#problems #prove'))
                        return;
                if (part.matches('[data-proven]') && again) {
                        const go = again;
                        again = null;
                        go();
                } else if (!part.contains(document.activeElement)) {
                        part.scrollIntoView({ block: 'nearest' });
                        one('button[data-go], input:not([type="hidden"]):not(.sr)', part)?.focus();
                }
        });
}
