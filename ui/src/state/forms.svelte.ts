/** What was typed into dialogs and not used yet: a dialog that is closed by mistake has it when it opens again. */
export const forms = $state({ roomName: '', invite: '' });
