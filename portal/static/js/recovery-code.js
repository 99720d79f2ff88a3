// The page "Type the code": goes on by itself once six digits are there, and never twice with the same ones.
const input = document.querySelector("form input[name=code]");
let sent = "";

input?.addEventListener("input", () => {
  const digits = input.value.replace(/[\s-]/g, "");
  if (!/^\d{6}$/.test(digits) || digits === sent) return;
  sent = digits;
  input.form.requestSubmit();
});
