/* strength.js - how a new password fares while it is typed: what the policy still wants, and a rough guess of its strength. The server decides, with
 * dictionaries; nothing leaves the page. */

const SEQUENCES = ['abcdefghijklmnopqrstuvwxyz', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', '01234567890'];

const kinds = (text) => ({
        lower: /[a-z]/.test(text), upper: /[A-Z]/.test(text), digit: /[0-9]/.test(text), symbol: /[\x20-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]/.test(text),
});

/* Bits, roughly: each character by the kinds there are; next to nothing for repetition and sequences. */
function bits(text) {
        const has = kinds(text);
        const pool = (has.lower ? 26 : 0) + (has.upper ? 26 : 0) + (has.digit ? 10 : 0) + (has.symbol ? 33 : 0) + (/[^\x20-\x7e]/.test(text) ? 200 : 0);
        const low = [...text.toLowerCase()];
        let sum = 0;
        low.forEach((c, i) => {
                const pair = low[i - 1] + c;
                const easy = i > 0 && (low.slice(0, i).join('').includes(pair) || c === low[i - 1]
                        || SEQUENCES.some((s) => s.includes(pair) || [...s].reverse().join('').includes(pair)));
                sum += easy ? 1 : Math.log2(pool || 1);
        });
        return /^[a-z]+[0-9]{1,4}[!.]?$/i.test(text) ? sum * .7 : sum;
}

export function strength(box) {
        const input = document.getElementById(box.dataset.strength);
        const say = box.querySelector('[role="status"]');
        if (!input)
                return;
        const judge = () => {
                const text = input.value;
                const length = [...text].length;
                const has = kinds(text);
                const missing = ['lower', 'upper', 'digit', 'symbol'].filter((kind) => box.dataset[kind] && !has[kind]).length;
                const few = Object.values(has).filter(Boolean).length < Number(box.dataset.classes || 0);
                let level = 1;
                let says = 'weak';
                box.hidden = length === 0;
                if (/[\uff01-\uff5e\u3000]/.test(text)) {
                        says = 'wide';
                } else if (length < Number(box.dataset.min)) {
                        says = 'short';
                } else if (length > Number(box.dataset.max) || new TextEncoder().encode(text).length > 72) {
                        says = 'long';
                } else if (missing || few) {
                        says = 'kinds';
                } else {
                        const b = bits(text);
                        level = b < 34 ? 1 : b < 50 ? 3 : 4;
                        says = ['', 'weak', '', 'fair', 'strong'][level];
                }
                box.dataset.level = String(level);
                const name = `says${says[0].toUpperCase()}${says.slice(1)}`;
                say.textContent = box.dataset[name].replace('%', String(Math.max(0, Number(box.dataset.min) - length)));
        };
        input.addEventListener('input', judge);
}
