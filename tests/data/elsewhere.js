// Ours. A page whose person looks at another program; notes what the desk does to be noticed.
window.shown = [];
window.tones = 0;
window.closed_notes = 0;
document.hasFocus = () => false;
window.Notification = class {
  static permission = "granted";
  static requestPermission = async () => "granted";
  constructor(title, { body }) {
    window.shown.push([title, body]);
  }
  close() {
    window.closed_notes += 1;
  }
};
const made = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () {
  window.tones += 1;
  return made.call(this);
};
