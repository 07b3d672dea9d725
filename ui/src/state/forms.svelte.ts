/**
 * What was typed into dialogs and not used yet. A dialog that was closed by mistake has it again.
 */
export const forms = $state({ roomName: '', invite: '' });
