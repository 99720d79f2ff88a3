// Put into every page before its own scripts: a camera in which the puppet sits. It looks at what the page really shows
// (the colour and the prompt of the element with data-phase) and draws the picture that fits. Pictures come ready-made
// from Python; the page's own code cannot tell this camera from another.
(() => {
  if (!navigator.mediaDevices) return;
  const NEUTRAL = "128,128,128";
  const TURN_MS = 800;
  const REACTION_MS = 450;
  let assets;
  const state = { from: 0, to: 0, since: 0, side: "", seen: [] };

  const bitmap = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    return createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
  };

  const load = async (facing) => {
    const told = JSON.parse(await window.readmitPuppetAssets(facing));
    const lit = {};
    for (const [colour, pictures] of Object.entries(told.lit)) lit[colour] = await Promise.all(pictures.map(bitmap));
    const turned = {};
    for (const [degrees, picture] of Object.entries(told.turned)) turned[degrees] = await bitmap(picture);
    const still = told.document ? await bitmap(told.document) : null;
    return { ...told, lit, turned, document: still };
  };

  const stage = () => document.querySelector("[data-phase]");

  const colourShown = (element) => {
    const shown = element ? getComputedStyle(element).backgroundColor.match(/\d+/g) : null;
    const colour = shown ? shown.slice(0, 3).join(",") : NEUTRAL;
    return assets.lit[colour] ? colour : NEUTRAL;
  };

  const ease = (share) => 0.5 - 0.5 * Math.cos(Math.PI * Math.min(Math.max(share, 0), 1));

  const angle = (now, side) => {
    if (side !== state.side) {
      state.from = state.from + (state.to - state.from) * ease((now - state.since - REACTION_MS) / TURN_MS);
      state.side = side;
      state.since = now;
      state.to = side === "left" ? assets.degrees : side === "right" ? -assets.degrees : 0;
    }
    return state.from + (state.to - state.from) * ease((now - state.since - REACTION_MS) / TURN_MS);
  };

  const draw = (context, now) => {
    const { width, height } = context.canvas;
    const element = stage();
    const phase = element?.dataset.phase ?? "";
    const side = phase === "left" || phase === "right" ? phase : "";
    const obeys = assets.act !== "still_photo";
    const step = Math.round((obeys ? angle(now, side) : 0) / assets.step) * assets.step;
    const colour = obeys && assets.act !== "replay" ? colourShown(element) : NEUTRAL;
    const pictures = assets.lit[colour];
    const picture = step ? assets.turned[step] : pictures[Math.floor(now / 150) % pictures.length];
    // Nobody holds quite still.
    const x = 3 * Math.sin(now / 770);
    const y = 2 * Math.sin(now / 530 + 1);
    context.drawImage(picture, x - 4, y - 4, width + 8, height + 8);
    for (let i = 0; i < 40; i += 1) {
      context.fillStyle = `rgba(${Math.random() * 255},${Math.random() * 255},${Math.random() * 255},0.05)`;
      context.fillRect(Math.random() * width, Math.random() * height, 6, 6);
    }
  };

  const open = async (wanted) => {
    const facing = wanted?.video?.facingMode?.ideal ?? wanted?.video?.facingMode?.exact ?? wanted?.video?.facingMode;
    assets = await load(facing ?? "user");
    const still = assets.document;
    const canvas = document.createElement("canvas");
    canvas.width = still ? still.width : assets.width;
    canvas.height = still ? still.height : assets.height;
    const context = canvas.getContext("2d");
    const show = () => {
      if (still) context.drawImage(still, 0, 0);
      else draw(context, performance.now());
    };
    show();
    // A page of paper lies still, and is four times as large as a face: to draw it often would take a whole core.
    const perSecond = still ? 5 : 30;
    const timer = setInterval(show, 1000 / perSecond);
    const stream = canvas.captureStream(perSecond);
    const [track] = stream.getVideoTracks();
    const stop = track.stop.bind(track);
    track.stop = () => {
      clearInterval(timer);
      stop();
    };
    return stream;
  };

  navigator.mediaDevices.getUserMedia = open;
})();
