import { svg, type TemplateResult } from 'lit';

function icon(path: TemplateResult): TemplateResult {
  return svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${path}</svg>`;
}

export const icons = {
  play: icon(svg`<path d="M8 5.5v13l10.5-6.5z" class="filled" />`),
  pause: icon(svg`<path d="M7 5.5h3.4v13H7zM13.6 5.5H17v13h-3.4z" class="filled" />`),
  previousFrame: icon(svg`<path d="M17 6v12l-8.5-6z" class="filled" /><path d="M6.5 6v12" />`),
  nextFrame: icon(svg`<path d="M7 6v12l8.5-6z" class="filled" /><path d="M17.5 6v12" />`),
  restart: icon(svg`<path d="M5 5v5h5" /><path d="M5.6 10a7 7 0 1 1-.6 4" />`),
  loop: icon(svg`<path d="M7 7h9a3.5 3.5 0 0 1 3.5 3.5V12M17 17H8a3.5 3.5 0 0 1-3.5-3.5V12" />
    <path d="M9.5 4.2 6.7 7l2.8 2.8M14.5 19.8l2.8-2.8-2.8-2.8" />`),
  pictures: icon(svg`<rect x="4" y="5.5" width="16" height="13" rx="2" /><path d="m4.5 16 4.5-4.5 4 4 2.5-2.5 4 4" />`),
  scene: icon(svg`<path d="m12 3.8 7.5 4.1v8.2L12 20.2l-7.5-4.1V7.9z" /><path d="m4.7 8 7.3 4 7.3-4M12 12v8" />`),
  both: icon(svg`<path d="m8 6.5 5 2.8v5.4l-5 2.8-5-2.8V9.3zM3.2 9.4 8 12l4.8-2.6M8 12v5.3" />
    <rect x="15.5" y="6.5" width="6" height="4.6" rx="1" /><rect x="15.5" y="13" width="6" height="4.6" rx="1" />`),
  moon: icon(svg`<path d="M19 14.5A7.5 7.5 0 0 1 9.5 5a7.5 7.5 0 1 0 9.5 9.5z" />`),
  sun: icon(svg`<circle cx="12" cy="12" r="3.8" />
    <path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4" />`),
  keys: icon(svg`<rect x="3" y="6" width="18" height="12" rx="2.2" />
    <path d="M6.8 10h.01M10.3 10h.01M13.8 10h.01M17.2 10h.01M8 14.2h8" />`),
  person: icon(svg`<circle cx="12" cy="8.5" r="3.3" /><path d="M5.5 19c.6-3.4 3.2-5.2 6.5-5.2s5.9 1.8 6.5 5.2" />`),
  check: icon(svg`<path d="m5 12.5 4.5 4.5L19 7.5" />`),
  close: icon(svg`<path d="m6.5 6.5 11 11M17.5 6.5l-11 11" />`),
} as const;
