/* upload.js - drag and drop and the bar while a file travels. Without it the form posts the file in the ordinary way. */

export function upload(form) {
        const drop = form.querySelector('.drop');
        const input = form.querySelector('input[type="file"]');
        const name = form.querySelector('[data-file-name]');
        const bar = form.querySelector('[data-upload-bar]');
        const size = (bytes) => (bytes >= 1048576 ? `${(bytes / 1048576).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024)).toLocaleString()} KB`);
        const show = () => {
                const file = input.files[0];
                name.textContent = file ? `${file.name} (${size(file.size)})` : '';
        };
        let depth = 0;

        drop.addEventListener('dragenter', (event) => {
                event.preventDefault();
                depth += 1;
                drop.classList.add('over');
        });
        drop.addEventListener('dragleave', () => {
                depth -= 1;
                if (depth <= 0)
                        drop.classList.remove('over');
        });
        drop.addEventListener('dragover', (event) => event.preventDefault());
        drop.addEventListener('drop', (event) => {
                event.preventDefault();
                depth = 0;
                drop.classList.remove('over');
                if (event.dataTransfer.files.length) {
                        input.files = event.dataTransfer.files;
                        show();
                }
        });
        input.addEventListener('change', show);
        form.addEventListener('htmx:xhr:progress', (event) => {
                if (!bar || !event.detail.lengthComputable)
                        return;
                bar.hidden = false;
                const progress = bar.querySelector('progress');
                progress.max = event.detail.total;
                progress.value = event.detail.loaded;
                bar.querySelector('output').textContent = `${Math.floor((event.detail.loaded / event.detail.total) * 100)} %`;
        });
        form.addEventListener('htmx:afterRequest', () => { if (bar) bar.hidden = true; });
}
