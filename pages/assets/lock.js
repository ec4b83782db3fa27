/* lock.js - the lock screen over the page: what was typed stays where it is, and cannot be seen or reached until the password was given again.
 * The server locks the session; this only spares the way to /login/unlock and back. */

const one = (selector, root = document) => root.querySelector(selector);
const headers = () => ({ ...JSON.parse(document.body.getAttribute('hx-headers') || '{}'), 'Content-Type': 'application/json', Accept: 'application/json' });

/* After another token was given (a second factor), the page's forms carry the old one: the page of the own account tells the new one. */
async function refresh() {
        const answer = await fetch('/me', { redirect: 'manual' });
        if (answer.status !== 200)
                return false;
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
        const token = JSON.parse(page.body.getAttribute('hx-headers') || '{}')['X-CSRF-Token'];
        if (!token || one('[data-login]', page)?.dataset.login !== one('[data-login]')?.dataset.login)
                return false;
        document.body.setAttribute('hx-headers', JSON.stringify({ 'X-CSRF-Token': token }));
        for (const field of document.querySelectorAll('input[name="_csrf"]'))
                field.value = token;
        return true;
}

export function lock() {
        const dialog = one('#lock');
        if (!dialog)
                return;
        const form = one('form', dialog);
        const wrong = one('[data-wrong]', dialog);
        const factor = one('[data-factor]', dialog);
        const frame = one('.frame');

        const shut = () => {
                for (const open of document.querySelectorAll('dialog[open]'))
                        open.close();
                for (const menu of document.querySelectorAll('details.menu[open]'))
                        menu.open = false;
                frame.hidden = true;
                factor.hidden = true;
                form.hidden = false;
                wrong.textContent = '';
                document.title = dialog.dataset.title;
                dialog.showModal();
                one('input[type="password"]', dialog).focus();
        };
        const title = document.title;
        const open = () => {
                frame.hidden = false;
                document.title = title;
                one('input[type="password"]', dialog).value = '';
                dialog.close();
        };
        for (const button of document.querySelectorAll('[data-lock]'))
                button.addEventListener('click', async (event) => {
                        event.preventDefault();
                        const answer = await fetch('/api/v1/me/lock', { method: 'POST', headers: headers(), body: '{}' }).catch(() => null);
                        if (answer?.status === 204)
                                shut();
                        else
                                location.reload();
                });
        dialog.addEventListener('cancel', (event) => event.preventDefault());
        dialog.addEventListener('close', () => {
                if (frame.hidden)
                        dialog.showModal();
        });
        form.addEventListener('submit', async (event) => {
                event.preventDefault();
                const password = one('input[type="password"]', form);
                const answer = await fetch('/api/v1/login/unlock', { method: 'POST', headers: headers(), body: JSON.stringify({ password: password.value }) })
                        .catch(() => null);
                const told = await answer?.json().catch(() => ({})) || {};
                if (answer?.ok && told.stage === 'full') {
                        open();
                } else if (answer?.ok) {
                        form.hidden = true;
                        factor.hidden = false;
                        one('a', factor).focus();
                } else if (answer?.status === 401 || answer?.status === 409) {
                        location.reload();
                } else {
                        wrong.textContent = told.detail || document.body.dataset.offline;
                        password.select();
                }
        });
        /* the second factor is given in another tab; coming back here, the page goes on */
        window.addEventListener('focus', async () => {
                if (frame.hidden && !factor.hidden && await refresh())
                        open();
        });
}
