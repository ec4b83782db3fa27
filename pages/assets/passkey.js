/* passkey.js - the browser's side of passkeys and security keys. Asks the house for a challenge, lets the device sign it, puts the answer into the hidden
 * fields of the form and sends it. Where a browser cannot, the part stays hidden and the form asks for a code. */
import { prove } from './prove.js';

const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
const keys = (ids) => ids.map((id) => ({ type: 'public-key', id: bytes(id) }));
const told = (sentence, code) => Object.assign(new Error(sentence), { told: true, code });

async function question(part, form) {
        let answer, said;
        try {
                answer = await fetch(`/api/v1${part.dataset.options}`, {
                        method: 'POST', headers: { Accept: 'application/json', 'Accept-Language': document.documentElement.lang, 'X-CSRF-Token': form.elements._csrf.value },
                });
                said = await answer.json();
        } catch {                               /* the network is gone, or nginx answered with a page of its own */
                throw told(document.body.dataset.offline);
        }
        if (!answer.ok)
                throw told(said.detail, said.code);
        return said;
}

async function get(part, form) {
        const asked = await question(part, form);
        const made = await navigator.credentials.get({ publicKey: {
                challenge: bytes(asked.challenge), rpId: asked.party, allowCredentials: keys(asked.credentials), userVerification: 'required', timeout: 120000,
        } });
        form.elements.credential.value = text(made.rawId);
        form.elements.client_data.value = text(made.response.clientDataJSON);
        form.elements.authenticator.value = text(made.response.authenticatorData);
        form.elements.signature.value = text(made.response.signature);
}

async function create(part, form) {
        const asked = await question(part, form);
        const made = await navigator.credentials.create({ publicKey: {
                challenge: bytes(asked.challenge), rp: { id: asked.party, name: 'Daicho' },
                user: { id: bytes(asked.user), name: asked.login, displayName: asked.login },
                pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key', alg })), excludeCredentials: keys(asked.credentials),
                authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' }, attestation: 'none', timeout: 120000,
        } });
        form.elements.client_data.value = text(made.response.clientDataJSON);
        form.elements.attestation.value = text(made.response.attestationObject);
}

/* What a browser says is for programs, and little: a person who cancels and a device without a fitting key are the same to it (privacy). */
const sentences = { NotAllowedError: 'cancelled', AbortError: 'cancelled', InvalidStateError: 'known', SecurityError: 'elsewhere' };

function sentence(part, error) {
        return error.told ? error.message : part.dataset[sentences[error.name]] || part.dataset.failed;
}

export function passkeys(part) {
        const form = part.closest('form') || part.querySelector('form');
        const button = part.querySelector('[data-go]');
        const say = part.querySelector('[data-say]');

        if (!window.PublicKeyCredential || part.dataset.ready)
                return;
        part.dataset.ready = '1';
        part.hidden = false;
        const go = async () => {
                if (part.dataset.passkey === 'create' && !form.reportValidity())
                        return;
                say.textContent = '';
                button.disabled = true;
                try {
                        await (part.dataset.passkey === 'create' ? create : get)(part, form);
                        form.requestSubmit();
                } catch (error) {
                        say.textContent = sentence(part, error);
                        if (error.code === 'UNPROVEN')
                                prove(go);
                } finally {
                        button.disabled = false;
                        if (document.activeElement === document.body)    /* a button that is switched off loses the focus */
                                button.focus();
                }
        };
        button.addEventListener('click', go);
}
