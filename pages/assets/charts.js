/* charts.js - pictures drawn from the tables beside them, so that both always say the same. Loaded by pages that have charts only. */
import uPlot from 'uplot';

/* Japan as tiles: column, row; Hokkaido is two tiles wide and high. */
const JAPAN = {
        北海道: [12, 1], 青森県: [12, 3], 秋田県: [11, 4], 岩手県: [12, 4], 山形県: [11, 5], 宮城県: [12, 5],
        石川県: [9, 6], 富山県: [10, 6], 新潟県: [11, 6], 福島県: [12, 6],
        福井県: [9, 7], 長野県: [10, 7], 群馬県: [11, 7], 栃木県: [12, 7],
        島根県: [4, 8], 鳥取県: [5, 8], 兵庫県: [6, 8], 京都府: [7, 8], 滋賀県: [8, 8], 岐阜県: [9, 8], 山梨県: [10, 8], 埼玉県: [11, 8], 茨城県: [12, 8],
        佐賀県: [1, 9], 福岡県: [2, 9], 山口県: [3, 9], 広島県: [4, 9], 岡山県: [5, 9], 大阪府: [7, 9], 奈良県: [8, 9], 愛知県: [9, 9], 静岡県: [10, 9], 東京都: [11, 9], 千葉県: [12, 9],
        長崎県: [1, 10], 大分県: [2, 10], 愛媛県: [4, 10], 香川県: [5, 10], 和歌山県: [7, 10], 三重県: [8, 10], 神奈川県: [11, 10],
        熊本県: [1, 11], 宮崎県: [2, 11], 高知県: [4, 11], 徳島県: [5, 11],
        鹿児島県: [2, 12], 沖縄県: [1, 13],
};

function color(name) {
        const probe = document.createElement('i');
        probe.style.color = `var(${name})`;
        document.body.append(probe);
        const value = getComputedStyle(probe).color;
        probe.remove();
        return value;
}

function rowsOf(id) {
        return [...document.querySelectorAll(`#${id} tbody tr`)].map((tr) => ({
                name: tr.dataset.name, label: tr.cells[0].textContent.trim(), n: Number(tr.dataset.n), href: tr.querySelector('a')?.href,
        }));
}

function months(host) {
        const rows = rowsOf(host.dataset.table).filter((row) => /^\d{4}-\d{2}$/.test(row.name)).sort((a, b) => (a.name < b.name ? -1 : 1));
        if (!rows.length)
                return;
        const tip = document.createElement('div');
        tip.className = 'tip';
        let plot;
        const draw = () => {
                plot?.destroy();
                const ink = color('--ink-2');
                const font = `12px ${getComputedStyle(document.body).fontFamily}`;
                const whole = (v) => (Number.isInteger(v) ? v.toLocaleString() : '');
                plot = new uPlot({
                        width: host.clientWidth, height: host.clientHeight, legend: { show: false },
                        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
                        scales: { x: { time: false, range: [-0.6, rows.length - 0.4] }, y: { range: (u, min, max) => [0, max > 0 ? max * 1.08 : 1] } },
                        axes: [
                                {
                                        stroke: ink, font, grid: { show: false }, ticks: { show: false }, gap: 4, size: 28, space: 1,
                                        splits: () => rows.map((_, i) => i).filter((i) => i % Math.ceil(rows.length / Math.max(2, Math.floor(host.clientWidth / 76))) === 0),
                                        values: (u, at) => at.map((i) => rows[i]?.name.replace('-', '/') ?? ''),
                                },
                                { stroke: ink, font, grid: { stroke: color('--line-2'), width: 1 }, ticks: { show: false }, gap: 6, size: 56, values: (u, at) => at.map(whole) },
                        ],
                        series: [{}, { fill: color('--accent'), stroke: color('--accent'), width: 0, paths: uPlot.paths.bars({ size: [0.72, 28], radius: 0.12 }), points: { show: false } }],
                        hooks: {
                                setCursor: [(u) => {
                                        const row = rows[u.cursor.idx];
                                        tip.textContent = row && u.cursor.left >= 0 ? `${row.label}  ${row.n.toLocaleString()}` : '';
                                }],
                        },
                }, [rows.map((_, i) => i), rows.map((row) => row.n)], host);
                host.append(tip);
        };
        draw();
        new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height: host.clientHeight })).observe(host);
        matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
        new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
}

function japan(host) {
        const rows = rowsOf(host.dataset.table).filter((row) => JAPAN[row.name]);
        const sorted = rows.map((row) => row.n).sort((a, b) => a - b);
        const shade = (n) => (n === 0 ? 0 : 1 + Math.min(4, Math.floor((sorted.filter((m) => m < n).length / sorted.length) * 5)));
        const by = new Map(rows.map((row) => [row.name, row]));
        for (const [name, [column, line]] of Object.entries(JAPAN)) {
                const row = by.get(name);
                const tile = document.createElement(row?.href ? 'a' : 'span');
                if (row?.href) {
                        tile.href = row.href;
                        tile.tabIndex = -1;             /* the same links stand in the table */
                }
                const label = row?.label || name;
                const foreign = document.documentElement.lang !== 'ja';
                tile.textContent = foreign ? label.slice(0, 4) : name === '北海道' ? name : name.slice(0, -1);
                tile.title = `${label} ${(row?.n ?? 0).toLocaleString()}`;
                tile.className = `h${row ? shade(row.n) : 0}`;
                const size = name === '北海道' ? 2 : 1;
                tile.style.gridArea = `${line} / ${column} / span ${size} / span ${size}`;
                host.append(tile);
        }
}

for (const host of document.querySelectorAll('[data-chart="months"]'))
        months(host);
for (const host of document.querySelectorAll('[data-chart="japan"]'))
        japan(host);
