// Everything an element may need. Pages with work of their own import from the single modules.
import "./forms.js";
import "./busy.js";
import "./connection.js";
import "./copy.js";
import "./dialog.js";
import "./drafts.js";
import "./ending.js";
import "./file-drop.js";
import "./leaving.js";
import "./lists.js";
import "./local-time.js";
import "./menus.js";
import "./passkeys.js";
import "./posted.js";
import "./tabs.js";
import "./toast.js";
import "./trouble.js";
